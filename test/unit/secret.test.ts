import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../lib/secret.js'

const value = 'canary-Pass-4711'

test('SEC-40: a secret does not print, however it is printed; only asked for by name it is there', () => {
  const secret = new Secret(value)
  const holder = { password: secret, list: [secret] }
  const error = new Error(`refused for ${secret}`, { cause: holder })
  const printed = [
    String(secret),
    `${secret}`,
    JSON.stringify(holder),
    inspect(holder, { depth: null, showHidden: true, getters: true }),
    ...['%s', '%o', '%O', '%j', '%d'].map((how) => format(how, secret)),
    format('plain', holder),
    inspect(error),
    JSON.stringify(Object.entries(secret)),
    JSON.stringify(Object.getOwnPropertyNames(secret)),
    JSON.stringify({ ...secret }),
    inspect(new Map([[secret, secret]])),
    inspect(structuredClone({ ...secret })),
  ]
  for (const [at, text] of printed.entries()) expect(text, `way ${at}`).not.toContain(value)
  expect(printed.join('\n')).toContain('[secret]')
  // The control: the value is there, and the same ways show it where nothing hides it.
  expect(secret.reveal()).toBe(value)
  expect(inspect({ password: value })).toContain(value)
})
