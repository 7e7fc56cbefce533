import { expect, test } from 'vitest'
import { refusal } from '../../lib/transports/smtp-error.js'
import { overLimit } from '../../local/emulators/smtp/refusals.js'

const peer = { host: 'smtp.relay.example', said: '220 relay ready', secrets: [] }

test('N6: a daily limit that only Exchange counts waits for its day, also behind a relay that does not name itself', () => {
  const { code, text } = overLimit.day
  expect(refusal(`${code} ${text}`, peer)).toMatchObject({
    code: 'exo_smtp_esc_5_1_90',
    class: 'transient',
    hint: 'quota-day',
  })
  // Control: another 550 of the same server is the recipient's.
  expect(refusal('550 5.1.1 No such user', peer)).toMatchObject({ code: 'smtp_esc_5_1_1', class: 'permanent' })
  expect(refusal('550 5.1.901 No such status', peer).class).toBe('permanent')
})
