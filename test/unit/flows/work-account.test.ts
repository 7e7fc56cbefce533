import { expect, test } from 'vitest'
import { assertWorkAccount } from '../../../lib/flows/connect/check-identity.js'
import { microsoftRules } from '../../../lib/providers/microsoft-rules.js'

const { organisations } = microsoftRules
const personal = { issuer: '', subject: 's', username: 'me@outlook.com', tenantId: organisations?.personal ?? '' }
const work = { ...personal, username: 'ana@contoso.example', tenantId: '7a1c0d3e-5b1f-4c55-9f3e-0c0de0000001' }
const shared = { address: 'info@contoso.example', expectedUser: 'me@outlook.com' }

test('M-077: a personal account opens no shared mailbox, and is told why; its own it opens', () => {
  expect(() => assertWorkAccount(shared, personal, organisations)).toThrow(
    expect.objectContaining({ code: 'work_account_needed', description: expect.stringContaining('personal account') }),
  )
  assertWorkAccount({ address: 'me@outlook.com' }, personal, organisations)
  assertWorkAccount({ address: 'me@outlook.com', expectedUser: 'ME@outlook.com' }, personal, organisations)
  // Negative control: an account of an organisation, and a provider that knows no such difference.
  assertWorkAccount(shared, work, organisations)
  assertWorkAccount(shared, personal, undefined)
})
