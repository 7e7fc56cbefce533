import { beforeEach, describe, expect, test } from 'vitest'
import type { GatewayError } from '../../../lib/errors.js'
import { readAuthority } from '../../../lib/flows/tokens/authority-for.js'
import type { ReconnectChange, Verdict, Verdicts } from '../../../lib/model/sign-in.js'
import { findMailbox } from '../../../lib/rows/mailboxes.js'
import {
  type ConnectHarness,
  codeOf,
  connectHarness,
  type passwordForm,
} from '../../support/connect/connect-harness.js'
import { works } from '../../support/connect/connect-samples.js'

const unreachable: Verdict = { verdict: 'fails', code: 'server_unreachable', text: 'Not reached.', remedy: 'Check it.' }
const wrong: Verdict = {
  verdict: 'fails',
  code: 'imap_authenticationfailed',
  text: 'Wrong password.',
  remedy: 'Again.',
}
const certificate: Verdict = { verdict: 'fails', code: 'net_cert_has_expired', text: 'Expired.', remedy: 'Renew it.' }
const untested: Verdict = { verdict: 'not-tested' }

let h: ConnectHarness
let mailboxId: string
beforeEach(async () => {
  h = await connectHarness()
  ;({ mailboxId } = await h.connectBy('password'))
})

const link = async (allowChange: ReconnectChange[] = []) =>
  (await h.flows.startReconnect(h.deps, { tenant: h.tenant, mailboxId }, { allowChange })).link
const problem = (work: Promise<unknown>): Promise<GatewayError> =>
  work.then(
    () => expect.fail('nothing was refused'),
    (error: GatewayError) => error,
  )
const fieldsOf = ({ problems = [] }: GatewayError): string[] => problems.map(({ field }) => field)

describe('T2: a reconnect of a working password mailbox', () => {
  const other = { smtpHost: 'typo.contoso.example' }
  test.each<[string, Partial<Verdicts>, Partial<typeof passwordForm>, string[]]>([
    ['outgoing not reached', { sending: unreachable }, other, ['smtpHost', 'smtpPort', 'smtpTls']],
    ['outgoing, the port closed', { sending: unreachable }, { smtpPort: '2525' }, ['smtpHost', 'smtpPort', 'smtpTls']],
    ['outgoing not tried in time', { sending: untested }, other, ['smtpHost', 'smtpPort', 'smtpTls']],
    [
      'incoming not reached',
      { reading: unreachable },
      { imapHost: 'x.contoso.example' },
      ['imapHost', 'imapPort', 'imapTls'],
    ],
    ['outgoing refuses at another server', { sending: wrong }, other, ['username', 'password']],
    ['outgoing refuses at another port', { sending: wrong }, { smtpPort: '587' }, ['username', 'password']],
    ['outgoing without a valid certificate', { sending: certificate }, other, ['smtpHost', 'smtpPort', 'smtpTls']],
  ])('%s: nothing is replaced, the link stays usable, the fields are named', async (_, verdicts, form, fields) => {
    const before = await h.stored()
    const url = await link()
    h.peers.verdicts = { ...works, ...verdicts }
    const error = await problem(h.byPassword(url, form))
    expect(error).toMatchObject({ status: 400, class: 'needs-reconnect' })
    expect(fieldsOf(error)).toEqual(fields)
    expect(error.field).toBe(fields[0])
    expect(error.hint).not.toBe('operator')
    expect(await h.stored()).toBe(before)
    h.peers.verdicts = works
    expect(await codeOf(h.byPassword(url))).toBe('fine')
    expect((await findMailbox(h.deps, h.tenant, mailboxId))?.send).toMatchObject({ smtp: { port: 465 } })
  })

  test.each<[string, Partial<Verdicts>]>([
    ['does not answer', { sending: unreachable }],
    ['does not answer in time', { sending: untested }],
  ])(
    'the server of before %s and the other takes the new password: reconnected, and said not to be tested',
    async (_, verdicts) => {
      h.peers.verdicts = { ...works, ...verdicts }
      const { link: url, signInId } = await h.flows.startReconnect(
        h.deps,
        { tenant: h.tenant, mailboxId },
        { allowChange: [] },
      )
      await h.byPassword(url, { password: 'new' })
      const facts = await h.flows.describeSignIn(h.deps, h.tenant, signInId)
      expect(facts).toMatchObject({
        status: 'confirmed',
        verdicts: { sending: { verdict: 'not-tested', unanswered: true } },
      })
      expect((await findMailbox(h.deps, h.tenant, mailboxId))?.send).toMatchObject({ smtp: { port: 465 } })
      const { connectionId } = facts
      const shown = await readAuthority(
        h.deps,
        { tenant: h.tenant, connectionId },
        { user: h.address, resource: 'outlook' },
      )
      expect(shown.kind === 'password' && shown.password.reveal()).toBe('new')
    },
  )

  test('the only server that answers refuses the password: nothing is replaced', async () => {
    h.peers.verdicts = { signIn: wrong, reading: wrong, sending: unreachable }
    const before = await h.stored()
    expect((await problem(h.byPassword(await link()))).code).toBe(wrong.verdict === 'fails' ? wrong.code : '')
    expect(await h.stored()).toBe(before)
  })

  test('both fail: both servers are named at once', async () => {
    h.peers.verdicts = { signIn: unreachable, reading: unreachable, sending: unreachable }
    const error = await problem(h.byPassword(await link()))
    expect(fieldsOf(error)).toEqual(['imapHost', 'imapPort', 'imapTls', 'smtpHost', 'smtpPort', 'smtpTls'])
    expect(error.description).toContain('imap.contoso.example')
  })

  test('control: a server that was logged in to replaces the former one', async () => {
    await h.byPassword(await link(), other)
    expect((await findMailbox(h.deps, h.tenant, mailboxId))?.send).toMatchObject({ smtp: { host: other.smtpHost } })
  })

  test('M-072: the previous server that refuses sending alone is a verdict; the new password is kept', async () => {
    h.peers.verdicts = { ...works, sending: wrong }
    expect(await codeOf(h.byPassword(await link()))).toBe('fine')
  })

  test('to Microsoft it moves only when everything works there', async () => {
    for (const verdicts of [{ reading: wrong }, { sending: untested }]) {
      const before = await h.stored()
      const url = await link(['provider'])
      h.peers.verdicts = { ...works, ...verdicts }
      expect(await h.flows.completeSignIn(h.deps, await h.travel(url))).toMatchObject({ outcome: 'refused' })
      expect(await h.stored()).toBe(before)
      h.peers.verdicts = works
      expect(await h.flows.completeSignIn(h.deps, await h.travel(url))).toMatchObject({ outcome: 'signed-in' })
      await h.flows
        .startReconnect(h.deps, { tenant: h.tenant, mailboxId }, { allowChange: ['provider'] })
        .then(({ link: back }) => h.byPassword(back))
    }
  })
})

test('T2: a new mailbox is not connected with a server that nobody reached; one that refuses sending is a verdict', async () => {
  const { link: url } = await h.start({ address: 'new@contoso.example' })
  h.peers.verdicts = { ...works, sending: unreachable }
  expect(fieldsOf(await problem(h.byPassword(url)))).toEqual(['smtpHost', 'smtpPort', 'smtpTls'])
  h.peers.verdicts = { ...works, sending: wrong }
  expect(await codeOf(h.byPassword(url))).toBe('fine')
})
