import { expect, test } from 'vitest'
import { providerOf } from '../../../lib/flows/tokens/provider-of.js'
import { toolbox } from '../../support/general/toolbox.js'

test.each(['', 'basic', 'google', 'toString', '__proto__'])('a provider that has no adapter is refused: %j', (name) => {
  expect(() => providerOf(toolbox({}), name)).toThrow(
    expect.objectContaining({ code: 'provider_unknown', class: 'needs-admin', hint: 'operator' }),
  )
})

test('one that has an adapter is found', () => {
  const deps = toolbox({})
  expect(providerOf(deps, 'microsoft')).toBe(deps.providers.microsoft)
})
