/** The emulated IMAP server through imapflow. */
import { ImapFlow, type ImapFlowOptions } from 'imapflow'
import { afterEach, beforeAll } from 'vitest'
import { type Certificates, makeCertificates } from '../../../local/emulators/certificate.js'
import type { ImapOptions } from '../../../local/emulators/imap/imap-state.js'
import { type ImapEmulator, startImap } from '../../../local/emulators/imap/start-imap.js'

export const user = 'ana@contoso.example'
let certificates: Certificates
const open: { stop(): Promise<unknown> }[] = []

export async function imap(options: Partial<ImapOptions> = {}): Promise<ImapEmulator> {
  const server = await startImap({
    accounts: (name) =>
      ({
        [user]: { password: 'right "quoted" \\ påss' },
        'info@contoso.example': { delegates: [user] },
        'notconnected@contoso.example': { password: 'x' },
        'expired@contoso.example': { password: 'x' },
        'throttled@contoso.example': { password: 'x' },
      })[name],
    verifyToken: (token) => (token === 'token-of-ana' ? { upn: user } : undefined),
    mode: 'implicit',
    tls: certificates,
    ...options,
  })
  open.push(server)
  return server
}

export function client(server: ImapEmulator, more: Partial<ImapFlowOptions> = {}): ImapFlow {
  const flow = new ImapFlow({
    host: 'localhost',
    port: server.port,
    secure: true,
    tls: { ca: certificates.ca },
    auth: { user, pass: 'right "quoted" \\ påss' },
    logger: false,
    ...more,
  })
  flow.on('error', () => undefined)
  open.push({ stop: async () => flow.close() })
  return flow
}

export const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

/** Certificates for the file; stops after each test what it opened. */
export function useImapEmulator(): void {
  beforeAll(async () => {
    certificates = await makeCertificates()
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((peer) => peer.stop()))
  })
}
