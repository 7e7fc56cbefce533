/** What is asked for follows from what the mailbox does: the whole table, stated beside the code and not by it. */
import { expect, test } from 'vitest'
import { asGranted } from '../../../lib/model/transports.js'
import type { MailWish } from '../../../lib/ports/provider.js'
import { microsoftRules } from '../../../lib/providers/microsoft-rules.js'

const address = 'info@contoso.example'
const signIn = ['openid', 'profile', 'offline_access']

const directions = ['receive', 'send', 'both'] as const
const actions = ['leave', 'change', 'unsaid'] as const
const transports = ['graph', 'imap-smtp'] as const
const modes = ['own', 'shared', 'named-by-owner', 'app-only'] as const
const permissions = ['least', 'full'] as const

type Case = [
  (typeof directions)[number],
  (typeof actions)[number],
  (typeof transports)[number],
  (typeof modes)[number],
  (typeof permissions)[number],
]

/** In the words of the requirement, not of the code. */
function expected([direction, action, transport, mode, extent]: Case): string[] {
  const reads = direction !== 'send'
  const sends = direction !== 'receive'
  if (transport === 'imap-smtp') return [...(reads ? ['IMAP.AccessAsUser.All'] : []), ...(sends ? ['SMTP.Send'] : [])]
  const all = extent === 'full' || mode === 'named-by-owner'
  const needsToWrite = all || (reads && (sends || action !== 'leave'))
  const suffix = mode === 'shared' || mode === 'named-by-owner' ? '.Shared' : ''
  return [...(needsToWrite ? ['Mail.ReadWrite'] : reads ? ['Mail.Read'] : []), ...(sends ? ['Mail.Send'] : [])].map(
    (name) => name + suffix,
  )
}

function wishOf([direction, action, transport, mode, extent]: Case): MailWish {
  return {
    address,
    transport,
    receive: direction !== 'send',
    send: direction !== 'receive',
    ...(action === 'unsaid' ? {} : { leavesMail: action === 'leave' }),
    ...(extent === 'full' ? { permissions: 'full' } : {}),
    ...(mode === 'shared' || mode === 'named-by-owner' ? { expectedUser: 'ana@contoso.example' } : {}),
    ...(mode === 'named-by-owner' ? { namedByOwner: 'result-code' } : {}),
    ...(mode === 'app-only' ? { consent: 'app-only' } : {}),
  }
}

const cases: Case[] = directions.flatMap((direction) =>
  actions.flatMap((action) =>
    transports.flatMap((transport) =>
      modes.flatMap((mode) => permissions.map((extent): Case => [direction, action, transport, mode, extent])),
    ),
  ),
)

test.each(cases)('M-140, M-066: %s, mail %s, %s, %s, %s: exactly these scopes', (...of) => {
  const [, , transport, mode] = of
  const plan = microsoftRules.plan(wishOf(of))
  const names = expected(of)
  expect(plan.permissions).toEqual(names)
  if (mode === 'app-only') {
    const host = transport === 'graph' ? 'graph.microsoft.com' : 'outlook.office365.com'
    expect([plan.consent, plan.token]).toEqual([[`https://${host}/.default`], [`https://${host}/.default`]])
    return
  }
  const origin = transport === 'graph' ? 'https://graph.microsoft.com/' : 'https://outlook.office.com/'
  const profile = transport === 'graph' ? [`${origin}User.Read`] : []
  expect(plan.consent).toEqual([...signIn, ...names.map((name) => origin + name), ...profile])
  expect(plan.token).toEqual(plan.consent)
})

test('M-140: the table has every combination once, and sending alone asks for sending alone', () => {
  expect(cases).toHaveLength(3 * 3 * 2 * 4 * 2)
  const { consent } = microsoftRules.plan(wishOf(['send', 'unsaid', 'graph', 'own', 'least']))
  expect(consent.filter((scope) => scope.includes('/Mail.'))).toEqual(['https://graph.microsoft.com/Mail.Send'])
})

test('M-140: what is needed is what was asked for, in every case', () => {
  for (const of of cases) {
    const [, action, , mode] = of
    if (mode === 'app-only') continue
    const { receive, send, consent } = microsoftRules.plan(wishOf(of))
    const needed = [
      ...(receive ? microsoftRules.neededScopes('receive', receive, { changesMail: action !== 'leave' }) : []),
      ...(send ? microsoftRules.neededScopes('send', send) : []),
    ]
    expect(microsoftRules.missingScopes(needed, consent), of.join(' ')).toEqual([])
  }
})

test.each([
  [['Mail.Send', 'User.Read'], true],
  [['Mail.Send.Shared'], true],
  [['Mail.Read', 'Mail.Send'], true],
  [['Mail.ReadWrite', 'Mail.Send'], undefined],
  [['Mail.ReadWrite.Shared', 'Mail.Send.Shared'], undefined],
  // An application that Exchange itself allowed, and connections of before that wrote nothing down.
  [[], undefined],
  [['Mail.ReadWrite'], undefined],
])('M-140: with %j granted, sending by one call is %s', (names, sendOnly) => {
  const target = { transport: 'graph', graph: { mailbox: 'me' } } as const
  const scopes = names.map((name) => `https://graph.microsoft.com/${name}`)
  expect(asGranted(target, scopes).graph).toEqual({ mailbox: 'me', ...(sendOnly ? { sendOnly } : {}) })
})

test('M-140: writing includes reading, shared includes own, and never the other way round', () => {
  const missing = (asked: string, granted: string) =>
    microsoftRules.missingScopes([`https://graph.microsoft.com/${asked}`], [`https://graph.microsoft.com/${granted}`])
  for (const [asked, granted] of [
    ['Mail.Read', 'Mail.ReadWrite'],
    ['Mail.Read', 'Mail.ReadWrite.Shared'],
    ['Mail.Read.Shared', 'Mail.ReadWrite.Shared'],
    ['Mail.Send', 'Mail.Send.Shared'],
  ] as const) {
    expect(missing(asked, granted)).toEqual([])
    expect(missing(granted, asked)).toEqual([granted])
  }
  expect(missing('Mail.Read', 'Mail.ReadBasic')).toEqual(['Mail.Read'])
})
