import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isInternalName, isLoopbackAddress, isOwnService, isPublicAddress } from '../protocol/address-guard.js'

/** `code` of the error for a forbidden address. */
export const forbiddenAddress = 'EFORBIDDENADDRESS'

export interface GuardOptions {
  /** Local mode only: 127.0.0.0/8 and ::1 may be mail servers. */
  allowLoopback: boolean
  /** Is an internal address in a network that the deployment permits? Absent: none is. */
  permits?: (ip: string) => boolean
  /** Replaces the system's resolver, in tests. */
  resolve?: (host: string) => Promise<LookupAddress[]>
}

/**
 * A `dns.lookup` for sockets that connect to hosts a tenant named (SEC-24). One forbidden address among the answers
 * refuses the whole host, so that an attacker cannot mix them. The addresses checked are the ones handed to the socket.
 */
export function guardedLookup({ allowLoopback, permits, resolve = systemResolve }: GuardOptions): LookupFunction {
  const allowed = (ip: string) =>
    isPublicAddress(ip) || (allowLoopback && isLoopbackAddress(ip)) || permits?.(ip) === true
  return (host, options, callback) => {
    const refuse = () => callback(Object.assign(new Error('Forbidden address'), { code: forbiddenAddress }), [])
    if (isOwnService(host) && !(permits && isInternalName(host))) {
      process.nextTick(refuse)
      return
    }
    resolve(host).then(
      (answers) => {
        const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : options.family
        const wanted = family === 4 || family === 6 ? answers.filter((answer) => answer.family === family) : answers
        if (!answers.every((answer) => allowed(answer.address))) return refuse()
        const first = wanted[0]
        if (!first) return callback(Object.assign(new Error('No address'), { code: 'ENOTFOUND' }), [])
        if (options.all) callback(null, wanted)
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
  }
}

function systemResolve(host: string): Promise<LookupAddress[]> {
  return new Promise((done, failed) => {
    systemLookup(host, { all: true }, (error, addresses) => (error ? failed(error) : done(addresses)))
  })
}

/**
 * May a server be talked to without encryption? On this machine, where local mode allows it, and where the deployment
 * permits it for the network: all of its addresses must be there.
 */
export const isPlainTextHost =
  (lookup: LookupFunction, permitsPlain: (ip: string) => boolean) =>
  (host: string): Promise<boolean> =>
    new Promise((done) =>
      lookup(host, { all: true }, (error, addresses) =>
        done(
          error === null &&
            (addresses as unknown as LookupAddress[]).every(
              ({ address }) => isLoopbackAddress(address) || permitsPlain(address),
            ),
        ),
      ),
    )

/** The same question without a socket: is this host refused now? A name that nobody has (yet) is not. */
export const isForbiddenHost =
  (lookup: LookupFunction) =>
  (host: string): Promise<boolean> =>
    new Promise((done) => lookup(host, { all: true }, (error) => done(error?.code === forbiddenAddress)))
