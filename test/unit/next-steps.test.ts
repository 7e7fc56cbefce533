import { expect, test } from 'vitest'
import { curlCommand, powerShellCommand } from '../../local/next-steps.js'

const command = {
  url: 'http://localhost:7071',
  key: 'mbg_demo_a_b',
  from: 'ana@contoso.example',
  to: 'ben@contoso.example',
}

test('N2: each paste has a key of its own, in a POSIX shell and in PowerShell', () => {
  // In double quotes, or the shell would not replace it.
  expect(curlCommand(command)).toContain('-H "idempotency-key: hello-$(date +%s)"')
  expect(powerShellCommand(command)).toContain(`'idempotency-key' = "hello-$([guid]::NewGuid())"`)
})

test('N3: who was connected in the step before sends, named in the mail', () => {
  for (const text of [curlCommand(command), powerShellCommand(command)])
    expect(JSON.parse(/'(\{.*\})'/.exec(text)?.[1] ?? '')).toEqual({
      mailbox: 'ana@contoso.example',
      to: ['ben@contoso.example'],
      subject: 'Hello',
      text: 'It works.',
    })
})
