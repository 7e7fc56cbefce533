/** `npm run preflight`: prints pass, warn or fail for everything the gateway needs; exit code 1 when something fails. */
import { readFileSync } from 'node:fs'
import { readConfig } from '../../lib/config.js'
import { asGatewayError } from '../../lib/errors.js'
import type { Finding } from './finding.js'
import { outboundEndpoints, tenantNamedEndpoints } from './outbound-endpoints.js'
import { preflight } from './preflight.js'

const usage = `npm run preflight -- [--settings F] [--endpoints]
  --settings F  app settings to check: a file like local.settings.json, or the output of
                "az functionapp config appsettings list"; default local.settings.json, else the environment
  --endpoints   only print the hosts a firewall must let through`

type Environment = Record<string, string | undefined>

/** Settings of a local.settings.json (`Values`), of a list of `{name, value}`, or of a plain object. */
function settingsIn(text: string): Environment {
  const content = JSON.parse(text) as unknown
  if (Array.isArray(content))
    return Object.fromEntries(content.map(({ name, value }: { name: string; value: string }) => [name, value]))
  const { Values: values = content } = content as { Values?: unknown }
  return values as Environment
}

function stopWith(message: string): never {
  console.error(`\n${message}\n`)
  process.exit(2)
}

function readSettings(file: string | undefined): Environment {
  try {
    return settingsIn(readFileSync(file ?? 'local.settings.json', 'utf8'))
  } catch (error) {
    if (file === undefined && (error as { code?: string }).code === 'ENOENT') return process.env
    stopWith(`The settings in ${file ?? 'local.settings.json'} cannot be read: ${(error as Error).message}`)
  }
}

function print(findings: Finding[]): void {
  const width = Math.max(...findings.map(({ check }) => check.length))
  for (const { check, verdict, text, remedy } of findings) {
    console.log(`  ${verdict}  ${check.padEnd(width)}  ${text}`)
    if (remedy) console.log(`${' '.repeat(width + 10)}${remedy.id}: ${remedy.cure}`)
  }
  const count = (verdict: Finding['verdict']): number => findings.filter((one) => one.verdict === verdict).length
  console.log(`\n  ${count('pass')} pass, ${count('warn')} warn, ${count('fail')} fail`)
}

function printEndpoints(environment: Environment): void {
  try {
    for (const { host, port, purpose } of outboundEndpoints(readConfig(environment)))
      console.log(`${`${host}:${port}`.padEnd(48)} ${purpose}`)
  } catch (error) {
    stopWith(asGatewayError(error).description)
  }
  for (const { host, ports } of tenantNamedEndpoints) console.log(`${`port ${ports}`.padEnd(48)} ${host}`)
}

async function main(words: string[]): Promise<void> {
  let file: string | undefined
  let isEndpoints = false
  while (words.length > 0) {
    const word = words.shift()
    if (word === '--settings') file = words.shift() ?? stopWith(`--settings needs a file.\n\n${usage}`)
    else if (word === '--endpoints') isEndpoints = true
    else stopWith(word === '--help' ? usage : `Unknown option ${word}.\n\n${usage}`)
  }
  const environment = readSettings(file)
  if (isEndpoints) return printEndpoints(environment)
  const findings = await preflight({ environment, nodeVersion: process.versions.node, now: Date.now })
  print(findings)
  // Clients keep their connections; nothing is left to do.
  process.exit(findings.some(({ verdict }) => verdict === 'fail') ? 1 : 0)
}

main(process.argv.slice(2)).catch((error: unknown) => stopWith(asGatewayError(error).description))
