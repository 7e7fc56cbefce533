/**
 * Checks everything that the gateway needs: Node, the settings, names, storage, vault, clock, identity provider, Graph,
 * the public address and the registrations, with the settings it is given and the same code the app runs. It only
 * reads. Wrong settings end it, because nothing else could be judged; all later checks run at the same time, each with
 * its own verdict and time limit.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type Config, readConfig } from '../../../lib/config.js'
import { asGatewayError } from '../../../lib/errors.js'
import { type Gateway, wireGateway } from '../../../lib/gateway.js'
import { daysLeft, nearDays, platformDates } from '../../../lib/model/platform-dates.js'
import { ask } from './ask.js'
import { checkAddress } from './check-address.js'
import { checkRegistrations } from './check-registrations.js'
import { type Finding, fail, pass, warn } from './finding.js'
import { outboundEndpoints } from './outbound-endpoints.js'
import { isRemedyId } from './remedies.js'

export interface PreflightInput {
  /** The settings, as environment variables. */
  environment: Record<string, string | undefined>
  /** Of the Node that runs this, e.g. `22.23.3`. */
  nodeVersion: string
  /** Milliseconds since the epoch. */
  now(): number
}

export async function preflight(input: PreflightInput): Promise<Finding[]> {
  const node = checkNode(input.nodeVersion, input.now())
  let config: Config
  try {
    config = readConfig(input.environment)
  } catch (error) {
    const { problems = [] } = asGatewayError(error)
    return [node, ...problems.map(({ field, message }) => fail('settings', `${field} ${message}`, 'setting-wrong'))]
  }
  const gateway = await wireGateway(config)
  const rest = await Promise.all([
    checkNames(config),
    checkServices(gateway),
    checkProvider(config, input.now),
    checkGraph(config),
    checkDiscovery(config),
    checkAddress(config),
    Promise.race([checkRegistrations(gateway, input.now), silence('registrations')]),
  ])
  return [node, pass('settings', `all valid, environment ${config.environment}`), ...rest.flat()]
}

const patienceMs = 20_000

/** The verdict on a check that never ends. */
async function silence(check: string): Promise<Finding[]> {
  await delay(patienceMs, undefined, { ref: false })
  return [fail(check, `no answer within ${patienceMs / 1000} s`, 'dependency-silent')]
}

function checkNode(version: string, now: number): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) return fail('node', `Node ${version}`, 'node-too-old')
  const date = platformDates.find(({ id }) => id === `node@${major}`)
  const left = date === undefined ? undefined : daysLeft(date, now)
  const end = left === undefined || left > nearDays ? '' : `, which ${left < 0 ? 'ended' : 'ends'} on ${date?.ends}`
  if (major !== 22 && major !== 24) return warn('node', `Node ${version}${end}`, 'node-not-deployed')
  return end === '' ? pass('node', `Node ${version}`) : warn('node', `Node ${version}${end}`, 'node-ends')
}

async function checkNames(config: Config): Promise<Finding[]> {
  const endpoints = outboundEndpoints(config)
  const hosts = new Set([...endpoints.map(({ host }) => host), new URL(config.publicBaseUrl).hostname])
  const needed = new Set(endpoints.filter(({ when }) => when !== 'connecting').map(({ host }) => host))
  const names = [...hosts].filter((host) => isIP(host) === 0)
  const findings = await Promise.all(
    names.map(async (name) => {
      const found = await lookup(name).catch(() => undefined)
      if (found !== undefined) return []
      const judge = needed.has(name) || config.publicBaseUrl.includes(name) ? fail : warn
      return [judge('names', `${name} has no address`, 'name-unresolved')]
    }),
  )
  const missing = findings.flat()
  return missing.length > 0 ? missing : [pass('names', `host names resolve: ${names.length}`)]
}

/** The verdicts of the health route, asked from here. */
async function checkServices(gateway: Gateway): Promise<Finding[]> {
  const { checks } = await gateway.ops.checkHealth()
  const isSilent = checks.some(({ name, ok }) => name === 'tables' && !ok)
  return checks.flatMap(({ name, ok, code, text }) => {
    // These read tables; where those fail there is one thing to cure, not five.
    if (isSilent && ['clock', 'timers', 'balance', 'messages'].includes(name)) return []
    if (ok) return [pass(name, text)]
    if (text.includes('have not run yet')) return [warn(name, text, 'not-started')]
    const id = code.replaceAll('_', '-')
    return [fail(name, text, isRemedyId(id) ? id : 'unexpected')]
  })
}

const largestSkewMs = 60_000

async function checkProvider(config: Config, now: () => number): Promise<Finding[]> {
  const real = 'https://login.microsoftonline.com'
  const origin = config.origins[real] ?? real
  const answer = await ask(`${origin}/common/v2.0/.well-known/openid-configuration`)
  const problem = (text: string): Finding[] => [fail('provider', `${origin} ${text}`, 'provider-unreachable')]
  if (typeof answer === 'string') return problem(answer)
  if (answer.status !== 200) return problem(`answers ${answer.status}`)
  if (!answer.text.includes('"token_endpoint"')) return problem('answers, but not with its metadata')
  const skewMs = now() - answer.date
  const seconds = Math.round(Math.abs(skewMs) / 1000)
  if (Math.abs(skewMs) > largestSkewMs)
    return [fail('provider', `this clock is ${seconds} s from the clock of ${origin}`, 'clock-skew')]
  return [pass('provider', `${origin} answers, clock within ${seconds} s`)]
}

async function checkGraph(config: Config): Promise<Finding[]> {
  const real = 'https://graph.microsoft.com'
  const origin = config.origins[real] ?? real
  // Without a token the right answer is 401: it is Graph that refuses, not a proxy that failed.
  const answer = await ask(`${origin}/v1.0/me`)
  if (typeof answer === 'string') return [fail('graph', `${origin} ${answer}`, 'graph-unreachable')]
  if (answer.status !== 401) return [fail('graph', `${origin} answers ${answer.status}`, 'graph-unreachable')]
  return [pass('graph', `${origin} answers`)]
}

async function checkDiscovery(config: Config): Promise<Finding[]> {
  const resolver = new URL(config.dnsResolverUrl)
  resolver.searchParams.set('name', 'outlook.com')
  resolver.searchParams.set('type', 'MX')
  const urls = { resolver: resolver.href, autoconfig: new URL('outlook.com', config.autoconfigUrl).href }
  return Promise.all(
    Object.entries(urls).map(async ([name, url]) => {
      const answer = await ask(url)
      const problem =
        typeof answer === 'string' ? answer : answer.status >= 500 ? `answers ${answer.status}` : undefined
      const { host } = new URL(url)
      if (problem !== undefined) return warn(name, `${host} ${problem}`, 'discovery-unreachable')
      return pass(name, `${host} answers`)
    }),
  )
}
