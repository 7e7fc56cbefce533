/** docs/connect/microsoft-administrator.md: its commands exist, are those of the page that administrators see, and work. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import catalogue from '../../lib/diagnosis/catalogue.json' with { type: 'json' }
import { exchangeSteps } from '../../lib/pages/exchange-steps.js'
import { readKeyPair } from '../../lib/protocol/key-pair.js'

const page = readFileSync(new URL('../../docs/connect/microsoft-administrator.md', import.meta.url), 'utf8')
const blocks = (info: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${info}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].flatMap(([, body = '']) =>
    body.split('\n').filter(Boolean),
  )

/** Cmdlets of Exchange Online PowerShell and their parameters, as its reference names them. */
const cmdlets: Record<string, string[]> = {
  'Connect-ExchangeOnline': ['ExchangeEnvironmentName'],
  'New-ServicePrincipal': ['AppId', 'ObjectId', 'DisplayName'],
  'Get-ServicePrincipal': [],
  'Remove-ServicePrincipal': ['Identity'],
  'New-ManagementScope': ['Name', 'RecipientRestrictionFilter'],
  'New-ManagementRoleAssignment': ['App', 'Role', 'CustomResourceScope'],
  'Test-ServicePrincipalAuthorization': ['Identity', 'Resource'],
  'Add-MailboxPermission': ['Identity', 'User', 'AccessRights'],
  'Remove-MailboxPermission': ['Identity', 'User', 'AccessRights'],
  'Set-CASMailbox': ['Identity', 'ImapEnabled', 'SmtpClientAuthenticationDisabled'],
}
const problems = (line: string): string[] => {
  const [cmdlet = '', ...words] = line.replace(/"[^"]*"/g, 'VALUE').split(' ')
  const known = cmdlets[cmdlet]
  if (known === undefined) return [`unknown: ${cmdlet}`]
  return words.filter((word) => word.startsWith('-') && !known.includes(word.slice(1)))
}

test('M-028: each command is one of Exchange, with parameters that it has', () => {
  const lines = blocks('powershell')
  expect(lines.length).toBeGreaterThan(7)
  expect(lines.flatMap(problems)).toEqual([])
  expect(problems('New-ServicePrincipal -AppID x -Object y')).toEqual(['-AppID', '-Object'])
})

test('M-028: the page after the consent has the same commands, with real ids', () => {
  const shown = exchangeSteps({ clientId: '{clientId}', objectId: '{objectId}' })
    .text.replaceAll('&quot;', '"')
    .replaceAll('&#34;', '"')
  for (const line of blocks('powershell').filter((one) => /^(Connect-|New-Service|Add-Mailbox|Set-CAS)/.test(one)))
    expect(shown).toContain(line)
})

test('M-028: every code it names is one of the catalogue or of the gateway', () => {
  const known = new Set([
    ...catalogue.map(([code]) => code),
    ...['guest_account', 'work_account_needed', 'token_scope_missing'],
  ])
  const named = [...page.matchAll(/`((?:exo|aadsts|guest|work|token)_[a-z0-9_]+)`/g)].map(([, code = '']) => code)
  expect(named.length).toBeGreaterThan(6)
  expect(named.filter((code) => !known.has(code))).toEqual([])
})

test('M-075: the key that its openssl line makes is one that a registration takes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'key-'))
  try {
    const [line = ''] = blocks('sh')
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
    execFileSync(words[0]!, words.slice(1), { cwd: folder, stdio: 'ignore' })
    const read = (name: string) => readFileSync(join(folder, name), 'utf8')
    const pair = readKeyPair({ privateKey: read('gateway.key'), certificate: read('gateway.crt') }, Date.now() + 1_000)
    expect(pair.certificate.subject).toBe('CN=Mailbox Gateway')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
