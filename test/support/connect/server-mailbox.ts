/** Mail servers of an administrator's own network: a private authority, accounts of their own, and a relay. */
import { badCertificates, makeCertificates } from '../../../local/emulators/certificate.js'
import { startImap } from '../../../local/emulators/imap/start-imap.js'
import { type SmtpOptions, startSmtp } from '../../../local/emulators/smtp/start-smtp.js'

export interface OwnServers {
  /** PEM of the private authority. */
  ca: string
  imap: Awaited<ReturnType<typeof startImap>>
  /** Wants a login. */
  smtp: Awaited<ReturnType<typeof startSmtp>>
  /** Takes mail without a login, and offers one all the same. */
  relay: Awaited<ReturnType<typeof startSmtp>>
  encryptedRelay: Awaited<ReturnType<typeof startSmtp>>
  /** Like `imap`, with a certificate for another host. */
  misnamed: Awaited<ReturnType<typeof startImap>>
  passwords: Map<string, string>
  stop(): Promise<void>
}

export async function startOwnServers(): Promise<OwnServers> {
  const certificates = await makeCertificates()
  const { wrongName } = await badCertificates(certificates)
  const passwords = new Map<string, string>()
  const accounts = (user: string) => {
    const password = passwords.get(user)
    return password === undefined ? undefined : { password }
  }
  const smtp = (more: Partial<SmtpOptions>) =>
    startSmtp({ accounts, mode: 'starttls', tls: certificates, enforceSender: false, ...more })
  const servers = {
    imap: await startImap({ accounts, mode: 'implicit', tls: certificates }),
    misnamed: await startImap({ accounts, mode: 'implicit', tls: wrongName }),
    smtp: await smtp({}),
    relay: await smtp({ mode: 'plain', anonymous: true }),
    encryptedRelay: await smtp({ anonymous: true }),
  }
  return {
    ...servers,
    ca: certificates.ca,
    passwords,
    stop: async () => {
      await Promise.all(Object.values(servers).map((one) => one.stop()))
    },
  }
}
