/**
 * Opens the socket to a mail server that a tenant named. The guarded lookup resolves the name once, and the socket
 * connects to exactly the addresses that were checked, even when the "name" is written as a number. TLS is 1.2 or newer
 * and always checks chain and name; a private CA is trusted in addition to the public ones.
 */
import type { LookupAddress } from 'node:dns'
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import {
  type ConnectionOptions,
  createSecureContext,
  rootCertificates,
  type SecureContext,
  connect as tlsConnect,
} from 'node:tls'
import { diagnose } from '../diagnosis/diagnose.js'
import { translate } from '../diagnosis/translate.js'
import { type ErrorDetails, GatewayError } from '../errors.js'
import type { DiagnosisContext } from '../model/diagnosis.js'
import type { ServerAddress } from '../model/mailbox.js'
import { inPeerSession } from '../peer-session.js'
import { isLoopbackAddress } from '../protocol/address-guard.js'
import { forbiddenAddress } from './guarded-lookup.js'

export interface DialOptions {
  lookup: LookupFunction
  /** Which ports may be dialled; all by default (the caller has validated them). */
  allowPort?: ((port: number) => boolean) | undefined
  /** Off this machine, which addresses may be talked to without encryption; absent: none. */
  allowPlain?: ((ip: string) => boolean) | undefined
  /** Milliseconds for name, connection and TLS together. */
  timeoutMs: number
  /** PEM trusted besides the public authorities, for every server (local mode). */
  rootCa?: string | undefined
  signal: AbortSignal
}

export interface CheckedAddress {
  host: string
  port: number
  lookup?: LookupFunction
  autoSelectFamily?: boolean
}

/** What `connect` needs to reach exactly the addresses that were checked. Rejects with a GatewayError. */
export async function checkedAddress(server: ServerAddress, options: DialOptions): Promise<CheckedAddress> {
  if (options.allowPort && !options.allowPort(server.port)) throw hostNotAllowed()
  if (options.signal.aborted) throw stopped()
  const deadline = AbortSignal.timeout(options.timeoutMs)
  const addresses = await unlessLate(resolve(server.host, options.lookup), deadline, options.signal)
  const mayBePlain = ({ address }: LookupAddress) =>
    isLoopbackAddress(address) || options.allowPlain?.(address) === true
  if (server.tls === 'plain' && !addresses.every(mayBePlain)) throw plainTextNotPermitted()
  return { host: server.host, port: server.port, ...fixed(server.host, addresses) }
}

/** A connected socket: encrypted for `implicit`, else plain. Rejects with a GatewayError. */
export async function dial(server: ServerAddress, options: DialOptions): Promise<Socket> {
  const deadline = AbortSignal.timeout(options.timeoutMs)
  const target = await checkedAddress(server, options)
  const socket = open(server, target, options.rootCa)
  try {
    await unlessLate(
      connected(socket, server.tls === 'implicit' ? 'secureConnect' : 'connect'),
      deadline,
      options.signal,
    )
  } catch (error) {
    socket.destroy()
    throw error
  }
  return socket
}

/** A socket on its way, with somebody who hears its errors from its first moment to its last. */
function open(server: ServerAddress, target: CheckedAddress, rootCa?: string): Socket {
  let socket: Socket | undefined
  try {
    return inPeerSession(
      (fault) => socket?.destroy(fault instanceof Error ? fault : undefined),
      () => {
        socket = server.tls === 'implicit' ? tlsConnect({ ...target, ...tlsOptions(server, rootCa) }) : connect(target)
        return hearErrors(socket)
      },
    )
  } catch (error) {
    // What no socket can be made of: a port beyond 65535, a name no certificate can have.
    throw networkError(error, 'net')
  }
}

/**
 * A socket's error that nobody listens to would end the process of all tenants: between two users of the socket, or
 * after the last one, nobody else does.
 */
export function hearErrors<S extends Socket>(socket: S): S {
  return socket.on('error', () => undefined)
}

/** TLS options for an upgrade (STARTTLS) or an implicit connection to this server. */
export function tlsOptions(server: ServerAddress, rootCa?: string): ConnectionOptions {
  return {
    secureContext: contextFor([rootCa, server.ca].filter((ca) => ca !== undefined && ca !== '')),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(isIP(server.host) ? {} : { servername: server.host }),
  }
}

/** Socket and TLS failures as an error of ours; others are passed through. */
export function networkError(
  error: unknown,
  context: DiagnosisContext,
  extra: Partial<ErrorDetails> = {},
): GatewayError {
  if (error instanceof GatewayError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === forbiddenAddress) return hostNotAllowed()
  if (code !== undefined && untrusted.has(code)) {
    const known = diagnose({ context, net: code })
    const generic = { context, net: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' }
    const { class: errorClass, ...words } = known.code === 'unclassified' ? diagnose(generic) : known
    return new GatewayError('tls_untrusted', errorClass, { ...words, peerLine: code, ...extra })
  }
  return translate({ context, net: code ?? 'UNKNOWN', text: message ?? '', cause: error }, extra)
}

const untrusted: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_ISSUER_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

// Building a context reads some 140 certificates: 10 ms, once per set of authorities.
const contexts = new Map<string, SecureContext>()

function contextFor(authorities: (string | undefined)[]): SecureContext {
  const key = authorities.join('\n')
  const known = contexts.get(key)
  if (known) return known
  const made = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(authorities.length > 0 ? { ca: [...rootCertificates, ...authorities.map(String)] } : {}),
  })
  if (contexts.size >= 100) contexts.clear()
  contexts.set(key, made)
  return made
}

function resolve(host: string, lookup: LookupFunction): Promise<LookupAddress[]> {
  return new Promise((done, failed) => {
    lookup(host, { all: true }, (error, addresses) => {
      const found = addresses as unknown as LookupAddress[]
      if (error) failed(networkError(error, 'net'))
      else if (found.length === 0) failed(networkError({ code: 'ENOTFOUND', message: 'no address' }, 'net'))
      else done(found)
    })
  })
}

function fixed(host: string, addresses: LookupAddress[]): { lookup?: LookupFunction; autoSelectFamily?: boolean } {
  // A literal address is not looked up by the socket; it is the address that was checked.
  if (isIP(host)) return {}
  return {
    autoSelectFamily: true,
    lookup: (_host, options, callback) => {
      const first = addresses[0]!
      // As late as a resolver: an answer within the call lets the socket fail before anybody can listen to it.
      setImmediate(() => {
        if (options.all) callback(null, addresses)
        else callback(null, first.address, first.family)
      })
    },
  }
}

function connected(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((done, failed) => {
    const onError = (error: Error) => failed(networkError(aggregated(error), 'net'))
    const onClose = () => failed(networkError({ code: 'ECONNRESET', message: 'closed' }, 'net'))
    socket.once('error', onError).once('close', onClose)
    socket.once(event, () => {
      socket.removeListener('error', onError).removeListener('close', onClose)
      done()
    })
  })
}

/** Several addresses failed: the first failure stands for all. */
function aggregated(error: Error): Error {
  return error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error
}

function unlessLate<T>(work: Promise<T>, deadline: AbortSignal, signal: AbortSignal): Promise<T> {
  return new Promise<T>((done, failed) => {
    const late = () => failed(networkError({ code: 'ETIMEDOUT', message: 'timed out' }, 'net'))
    const halted = () => failed(stopped())
    deadline.addEventListener('abort', late, { once: true })
    signal.addEventListener('abort', halted, { once: true })
    work.then(done, failed).finally(() => {
      deadline.removeEventListener('abort', late)
      signal.removeEventListener('abort', halted)
    })
  })
}

/** The caller's signal ended the work. */
export function stopped(extra: Partial<ErrorDetails> = {}): GatewayError {
  return new GatewayError('stopped', 'transient', {
    description: 'The gateway stopped before the work was done.',
    remedy: 'Nothing to do: the gateway resumes the work.',
    ...extra,
  })
}

function hostNotAllowed(): GatewayError {
  return new GatewayError('host_not_allowed', 'needs-admin', {
    hint: 'config',
    description: 'The gateway does not connect to this host and port.',
    remedy: 'Name a public mail server and one of its standard ports.',
  })
}

function plainTextNotPermitted(): GatewayError {
  return new GatewayError('plain_text_not_permitted', 'needs-admin', {
    hint: 'config',
    description: 'The mail server is used without encryption, which this deployment does not permit for its network.',
    remedy:
      'Choose "implicit" (TLS) or "starttls" for the server, or ask the operator to name its network in PLAIN_TEXT_MAIL_NETWORKS.',
    outcome: 'not-sent',
  })
}

export function tokenNeedsTls(): GatewayError {
  return new GatewayError('token_needs_tls', 'needs-admin', {
    hint: 'config',
    description: 'The gateway never sends a sign-in token over an unencrypted connection.',
    remedy: 'Set the mail server to implicit TLS or STARTTLS.',
    outcome: 'not-sent',
  })
}
