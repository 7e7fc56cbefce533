/** The IMAP server as a process of its own; fills mailboxes on request. */
import { makeCertificates } from '../../local/emulators/certificate.js'
import { startImap } from '../../local/emulators/imap/start-imap.js'

export interface Delivery {
  users: string[]
  mails: number
}

const tls = await makeCertificates()
const imap = await startImap({ accounts: () => ({ password: 'bench' }), mode: 'implicit', tls })
const text = 'The quick brown fox jumps over the lazy dog, again and again.\r\n'.repeat(80)
let delivered = 0

process.on('message', ({ users, mails }: Delivery) => {
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
