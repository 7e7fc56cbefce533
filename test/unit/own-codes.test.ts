/** No code of our own escapes the page where people look it up, and each has its words and its remedy. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ownCodes } from '../../local/tools/own-codes.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const codes = ownCodes(root)

/** Words that are put together where they are given; each is read by a test of its own. */
const computed = new Set([
  ...['mail_not_kept', 'message_buried', 'no_mail_server', 'outcome_unknown', 'registration_secret_refused'],
  ...['settings_refused', 'timers_silent', 'tls_untrusted', 'way_not_allowed'],
])
/** Only a fault in our own code gives them: nobody outside could do anything. */
const faultsOfOurs = new Set(['bearer_needed', 'delay_refused', 'graph_target_needed'])

test('each code of our own stands in docs/errors.md', () => {
  const page = readFileSync(`${root}/docs/errors.md`, 'utf8')
  expect(codes.length).toBeGreaterThan(100)
  expect(codes.filter(({ code }) => !page.includes(`| \`${code}\` |`))).toEqual([])
  for (const code of ['mail_without_id', 'mailbox_removed', 'graph_upload_interrupted', 'address_needs_smtputf8'])
    expect(page).toMatch(new RegExp(`\\| \`${code}\` \\| [A-Z…][^|]+\\. \\| [A-Z][^|]+\\. \\|`))
})

test('each code of our own comes with a description and a remedy', () => {
  const without = codes.filter(({ description, remedy }) => description === '' || remedy === '').map(({ code }) => code)
  expect([...new Set(without)].sort()).toEqual([...computed, ...faultsOfOurs].sort())
})
