import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { demoDirectory } from '../../local/emulators/demo-directory.js'
import { misbehaviours } from '../../local/emulators/directory-types.js'
import { demoDomains } from '../../local/emulators/discovery/records.js'
import { entraControl } from '../../local/emulators/entra/entra-control.js'
import { namedFaults } from '../../local/emulators/faults.js'
import { graphControl } from '../../local/emulators/graph/graph-control.js'
import { imapControl } from '../../local/emulators/imap/imap-control.js'
import { loginRefusals, openRefusals } from '../../local/emulators/imap/imap-session.js'
import { afterBody, byLogin, byRecipient, bySender } from '../../local/emulators/smtp/refusals.js'
import { smtpControl } from '../../local/emulators/smtp/smtp-control.js'

const page = readFileSync(new URL('../../docs/emulators.md', import.meta.url), 'utf8')

/** First cells of a section's table rows that match `pattern` in their second cell. */
function named(text: string, heading: string, pattern = /./): string[] {
  const section = text.split(/^## /m).find((one) => one.startsWith(heading)) ?? ''
  return [...section.matchAll(/^\| (`[^|]*`) \| ([^|]*) \|/gm)]
    .filter(([, , second = '']) => pattern.test(second))
    .flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
    .sort()
}
const names = (...tables: object[]): string[] => [...new Set(tables.flatMap((table) => Object.keys(table)))].sort()

test('N6: every misbehaving account of the emulated Microsoft 365 has its row, and none is invented', () => {
  expect(named(page, 'Microsoft 365 accounts')).toEqual([...misbehaviours].sort())
  // Control: a row that is missing, and one too many, are both seen.
  const without = page.replace(/^\| `mfa` .*\n/m, '| `invented` | nothing | nothing |\n')
  expect(named(without, 'Microsoft 365 accounts')).toContain('invented')
  expect(named(without, 'Microsoft 365 accounts')).not.toContain('mfa')
})

test('N6: everybody else of the demo world is named too', () => {
  const people = demoDirectory()
    .users.filter(({ flags }) => flags.length === 0)
    .map(({ upn }) => upn)
  expect(people.filter((upn) => !named(page, 'People').includes(upn))).toEqual([])
})

test('N6: so has every login, sender and recipient that the mail servers refuse', () => {
  const servers = 'Mail servers that misbehave'
  expect(named(page, servers, /^login, IMAP/)).toEqual(names(loginRefusals, openRefusals))
  expect(named(page, servers, /^login,.*SMTP/)).toEqual(names(byLogin))
  expect(named(page, servers, /^sender/)).toEqual(names(bySender, afterBody))
  expect(named(page, servers, /^recipient/)).toEqual(names(byRecipient))
})

test('N6: every domain of the demo world that answers in its own way is named', () => {
  expect(named(page, 'Domains')).toEqual(names(demoDomains))
})

test('N6: every order of every control is named, and every named fault', () => {
  const orders = (control: object): string[] =>
    Object.entries(Object.getOwnPropertyDescriptors(control))
      .filter(([, { value }]) => typeof value === 'function')
      .map(([name]) => name)
      .sort()
  const inPage = (place: string): string[] => {
    const paragraph = page.split('\n\n').find((one) => one.startsWith(`**${place}**`)) ?? ''
    const list = /(?:`\w+`(?:,\s+)?){2,}/.exec(paragraph)?.[0] ?? ''
    return [...list.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).sort()
  }
  const nothing = {} as never
  expect(inPage('Sign-in')).toEqual(orders(entraControl(nothing, () => '')))
  expect(inPage('Graph')).toEqual(orders(graphControl(nothing)))
  expect(inPage('IMAP')).toEqual(orders(imapControl({ control: {} } as never)))
  expect(inPage('SMTP')).toEqual(orders(smtpControl(nothing)))
  for (const name of Object.keys(namedFaults)) expect(page).toContain(`\`${name}\``)
})

test('N6: another account of a kind is made by the order that the page names, and misbehaves like the first', () => {
  const order = /'(\{"addUser":[^']+)'/.exec(page)?.[1] ?? ''
  const { addUser } = JSON.parse(order) as { addUser: { upn: string } }
  const directory = demoDirectory()
  // Nobody of this name is there before.
  expect(directory.user(addUser.upn)).toBeUndefined()
  directory.addUser(addUser)
  expect(directory.user(addUser.upn)?.flags).toEqual(['revoked'])
})
