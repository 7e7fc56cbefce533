/**
 * `npm run preflight`: prints pass, warn or fail for everything the gateway needs; exit code 1 when something fails.
 */
import { existsSync, readFileSync } from 'node:fs'
import { readConfig } from '../../../lib/config.js'
import { asGatewayError } from '../../../lib/errors.js'
import type { Finding } from './finding.js'
import { outboundEndpoints, tenantNamedEndpoints } from './outbound-endpoints.js'
import { preflight } from './preflight.js'
import { startSettings } from './start-settings.js'

const usage = `npm run preflight -- [--settings F] [--endpoints]
  --settings F  app settings to check: a file like local.settings.json, or the output of
                "az functionapp config appsettings list"; default local.settings.json, else the environment,
                else what "npm start" wrote (${startSettings})
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

/** The settings, and the words for where they are from. */
function readSettings(named: string | undefined): [settings: Environment, from: string] {
  if (named === undefined && !existsSync('local.settings.json') && process.env['ENVIRONMENT_ID'] !== undefined)
    return [process.env, 'the environment']
  const file = named ?? ['local.settings.json', startSettings].find(existsSync)
  if (file === undefined)
    stopWith(
      `There are no settings to check: no local.settings.json, none in the environment, none from "npm start".\nStart the gateway with "npm start" and check it from a second terminal, or name a file.\n\n${usage}`,
    )
  try {
    const settings = settingsIn(readFileSync(file, 'utf8'))
    const isLocal = settings['ALLOW_LOOPBACK_MAIL_HOSTS'] === 'true'
    return [settings, isLocal ? `${file}: of a gateway on this machine, which must be running` : file]
  } catch (error) {
    stopWith(`The settings in ${file} cannot be read: ${(error as Error).message}`)
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
  const [environment, from] = readSettings(file)
  if (!isEndpoints) console.log(`\n  Checks the settings in ${from}\n`)
  if (isEndpoints) return printEndpoints(environment)
  const findings = await preflight({ environment, nodeVersion: process.versions.node, now: Date.now })
  print(findings)
  // Clients keep their connections; nothing is left to do.
  process.exit(findings.some(({ verdict }) => verdict === 'fail') ? 1 : 0)
}

main(process.argv.slice(2)).catch((error: unknown) => stopWith(asGatewayError(error).description))
