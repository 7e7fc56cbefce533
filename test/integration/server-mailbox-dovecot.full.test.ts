/** A mailbox at a real mail server with a private authority, connected by one call. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeCertificates } from '../../local/emulators/certificate.js'
import { as, site, useTwoWorkers } from '../support/http/two-workers.js'
import { type Dovecot, dovecotAvailable, startDovecot } from '../support/mail-servers/dovecot.js'

useTwoWorkers()

if (dovecotAvailable())
  describe('Dovecot', () => {
    const user = 'orders'
    let dovecot: Dovecot
    let ca: string
    let key: string
    beforeAll(async () => {
      const tls = await makeCertificates()
      ca = tls.ca
      dovecot = await startDovecot({ users: { [user]: 'right' }, tls })
      key = (await site.tenant('dovecot-servers')).key
    })
    afterAll(() => dovecot.stop())

    const connect = (tls: 'implicit' | 'starttls', more: { password?: string; ca?: string | undefined } = {}) => {
      const port = tls === 'implicit' ? dovecot.imapsPort : dovecot.imapPort
      const authority = 'ca' in more ? {} : { ca }
      const imap = { host: 'localhost', port, tls, ...authority }
      const address = `${tls}.${process.env['ENVIRONMENT_ID']}@postbox.example`
      const login = { username: user, password: more.password ?? 'right' }
      return as(key)('serverMailboxCreate', { body: { address, receive: { imap, login } } })
    }

    test.each(['implicit', 'starttls'] as const)(
      'M-145, M-024: by %s, with the account of its own name; a wrong password and a missing authority are told apart',
      async (tls) => {
        expect((await connect(tls, { ca: undefined })).json.problems).toMatchObject([
          { field: 'receive.imap.ca', code: 'tls_untrusted' },
        ])
        expect((await connect(tls, { password: 'wrong' })).json.problems).toMatchObject([{ field: 'receive.login' }])
        const made = await connect(tls)
        expect(made).toMatchObject({ status: 201, json: { verdicts: { reading: { verdict: 'works' } } } })
        const params = { id: made.json.mailboxId }
        expect((await as(key)('mailboxCheck', { params })).json.reading.verdict).toBe('works')
      },
      20_000,
    )
  })
