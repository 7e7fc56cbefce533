/** The IMAP server as a process of its own; fills mailboxes on request. */
import { makeCertificates } from '../../local/emulators/certificate.js'
import { startImap } from '../../local/emulators/imap/start-imap.js'

export interface Delivery {
  users: string[]
  mails: number
  /** About so many bytes each; default 5,000. */
  bytes?: number
}

const tls = await makeCertificates()
const imap = await startImap({ accounts: () => ({ password: 'bench' }), mode: 'implicit', tls })
const line = 'The quick brown fox jumps over the lazy dog, again and again.\r\n'
let delivered = 0

process.on('message', ({ users, mails, bytes = 5_000 }: Delivery) => {
  const text = line.repeat(Math.ceil(bytes / line.length))
  for (const user of users)
    for (let n = 0; n < mails; n += 1) {
      delivered += 1
      const headers = [
        'From: Ben <ben@b.example>',
        `To: ${user}`,
        `Subject: Offer ${n}`,
        `Message-ID: <${delivered}@b.example>`,
        `Date: ${new Date().toUTCString()}`,
        'Content-Type: text/plain; charset=utf-8',
      ]
      imap.deliver(user, `${headers.join('\r\n')}\r\n\r\n${text}`)
    }
  // What was said is kept for tests and would only grow here.
  imap.commands.length = 0
  process.send?.({ delivered })
})
process.on('disconnect', () => process.exit())
process.send?.({ port: imap.port, ca: tls.ca })
