/** Real worker processes that want the same access tokens at the same time, and the world they share. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { newId } from '../../../lib/model/ids.js'
import { storageNames, tableNames } from '../../../lib/model/names.js'
import { mailScopes } from '../../../lib/providers/microsoft-scopes.js'
import { azureTables } from '../../../lib/stores/azure-tables.js'
import { keyVault } from '../../../lib/stores/key-vault.js'
import { startKeyVault } from '../../../local/emulators/key-vault/start-key-vault.js'
import type { TokenAnswer, TokenQuestion, TokenWorkerPlan } from '../../fixtures/token-worker.js'
import { connectAccount } from '../connect/connect-account.js'
import { toolbox } from '../general/toolbox.js'
import { demoCredential, demoRegistration, registerDemo, startMicrosoft365 } from './microsoft-365.js'

export interface FleetRun {
  processes: number
  /** Sum over all rounds. */
  answers: number
  /** Answers that were no valid token of their connection, with the reason where one was given. */
  bad: string[]
  /** Rounds in which two processes got different tokens for one connection. */
  disagreements: number
  /** Questions that were asked again after a fault that passes. */
  repeats: number
  refreshes: number
  /** Rotated refresh tokens that were presented again, as the identity platform counts them. */
  reuseEvents: number
  /** The same count after one such token was presented on purpose: the control. */
  reuseEventsAfterControl: number
}

const minute = 60_000
const tenant = 'acme'
const scopes = mailScopes({ receive: 'graph', send: 'graph' }).token('graph')

/** `rounds` times every access token ends and every process asks for each of `connections` at once. */
export async function raceForTokens(
  connectionString: string,
  plan: { processes: number; connections: number; rounds: number },
): Promise<FleetRun> {
  let aheadMs = 0
  const now = () => Date.now() + aheadMs
  const stops: (() => unknown)[] = []
  try {
    const world = await startMicrosoft365({ now })
    stops.push(() => world.stop())
    const vault = await startKeyVault({ now })
    stops.push(() => vault.stop())
    const environment = `f${newId().slice(0, 6)}`
    const deps = await parentToolbox(connectionString, environment, vault.url, now)
    const accounts: { id: string; firstRefreshToken: string }[] = []
    for (let n = 0; n < plan.connections; n++) {
      const first = await world.signIn('ana@contoso.example', scopes)
      const { id } = await connectAccount(deps, first, { provider: 'oauth2', username: 'ana@contoso.example', scopes })
      accounts.push({ id, firstRefreshToken: first.refreshToken?.reveal() ?? '' })
    }
    world.entra.control.reset()
    world.entra.control.setRotation('strict')
    const workers = await startWorkers(plan.processes, stops, {
      connectionString,
      environment,
      tenant,
      vaultUrl: vault.url,
      origins: { 'https://login.microsoftonline.com': world.entra.url },
    })
    const ids = accounts.map(({ id }) => id)
    const bad: string[] = []
    let disagreements = 0
    let repeats = 0
    for (let round = 1; round <= plan.rounds; round++) {
      aheadMs += 70 * minute
      const answers = await Promise.all(workers.map((worker) => ask(worker, { aheadMs, ids })))
      for (const answer of answers) repeats += answer.repeats
      for (const [at, id] of ids.entries()) {
        const tokens = answers.map((answer) => answer.tokens[at] ?? '')
        if (new Set(tokens).size !== 1) disagreements += 1
        for (const [worker, token] of tokens.entries())
          if (world.entra.verifyAccessToken(token)?.upn !== 'ana@contoso.example')
            bad.push(`round ${round}, process ${worker}, ${id}: ${answers[worker]?.failure ?? ''}`)
      }
    }
    const { counters } = world.entra.control
    const refreshes = counters.tokenCalls['refresh_token'] ?? 0
    const { reuseEvents } = counters
    const refreshToken = accounts[0]?.firstRefreshToken ?? ''
    await reuse(world.entra.url, refreshToken)
    return {
      processes: new Set(workers.map(({ pid }) => pid)).size,
      answers: plan.rounds * workers.length * ids.length,
      bad,
      disagreements,
      repeats,
      refreshes,
      reuseEvents,
      reuseEventsAfterControl: world.entra.control.counters.reuseEvents,
    }
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

async function parentToolbox(connectionString: string, environment: string, url: string, now: () => number) {
  const names = storageNames(environment)
  const tables = azureTables({ connectionString })
  await Promise.all(tableNames.map((name) => tables.ensure(names.table(name))))
  const getToken = async () => ({ token: 'placeholder', expiresOnTimestamp: Date.now() + 3_600_000 })
  const deps = toolbox({
    names,
    tables,
    vault: keyVault({
      url,
      credential: { getToken },
      clientOptions: { allowInsecureConnection: true, disableChallengeResourceVerification: true },
    }),
    clock: { now, sleep: async () => {} },
    worker: newId(),
  })
  await registerDemo(deps)
  return deps
}

async function startWorkers(count: number, stops: (() => unknown)[], plan: TokenWorkerPlan): Promise<ChildProcess[]> {
  const folder = await mkdtemp(join(tmpdir(), 'token-fleet-'))
  stops.push(() => rm(folder, { recursive: true, force: true }))
  const outfile = `${folder}/token-worker.mjs`
  await build({
    entryPoints: [fileURLToPath(new URL('../../fixtures/token-worker.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  const workers = Array.from({ length: count }, () => fork(outfile, [JSON.stringify(plan)], { execArgv: [] }))
  for (const worker of workers) stops.push(() => worker.kill('SIGKILL'))
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  return workers
}

function ask(worker: ChildProcess, question: TokenQuestion): Promise<TokenAnswer> {
  return new Promise((resolve, reject) => {
    const died = (code: number | null) => reject(new Error(`a token worker ended with ${code}`))
    worker.once('exit', died)
    worker.once('message', (answer: TokenAnswer) => {
      worker.off('exit', died)
      resolve(answer)
    })
    worker.send(question)
  })
}

async function reuse(url: string, refreshToken: string): Promise<void> {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: demoRegistration.clientId,
    client_secret: demoCredential.reveal(),
    refresh_token: refreshToken,
    scope: scopes.join(' '),
  })
  await fetch(`${url}/organizations/oauth2/v2.0/token`, { method: 'POST', body })
}
