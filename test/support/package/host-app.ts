/** The local Functions host with the app of `test/fixtures/host-app.ts`. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { QueueServiceClient } from '@azure/storage-queue'
import { afterAll, beforeAll, beforeEach, inject } from 'vitest'
import { type FunctionsHost, startFunctionsHost } from '../../../local/host/functions-host.js'
import type * as HostApp from '../../fixtures/host-app.js'

export const prefix = `host${process.pid}`
export const queues = QueueServiceClient.fromConnectionString(inject('azurite'))
export const jobs = queues.getQueueClient(`${prefix}-jobs`)
const hostJson = {
  extensions: {
    http: { routePrefix: 'v1' },
    queues: {
      batchSize: 2,
      newBatchThreshold: 1,
      maxDequeueCount: 3,
      visibilityTimeout: '00:00:00',
      maxPollingInterval: '00:00:01',
    },
  },
}

export let app: typeof HostApp
export let host: FunctionsHost
export let folder: string
export const lines: { level: string; category: string; message: string }[] = []

export const start = async (settings: Record<string, string> = {}): Promise<FunctionsHost> => {
  host = await startFunctionsHost({
    entry: [],
    load: async () => {
      app = await import('../../fixtures/host-app.js')
    },
    hostJson,
    settings: {
      PREFIX: prefix.toUpperCase(),
      TICK: '0 0 3 * * *',
      MailStorage: inject('azurite'),
      FUNCTIONS_KEY: 'the function key',
      FUNCTIONS_MASTER_KEY: 'the master key',
      'AzureWebJobs.disabled.Disabled': 'true',
      ...settings,
    },
    port: 0,
    stateFile: join(folder, 'timers.json'),
    log: (line) => lines.push(line),
  })
  return host
}

export const noted = (what: string) => app.seen.filter((entry) => entry.what === what).map(({ value }) => value)
export const untilNoted = async (what: string, count = 1): Promise<unknown[]> => {
  while (noted(what).length < count) await once(app.events, 'noted')
  return noted(what)
}
export const call = (path: string, init?: RequestInit) => fetch(host.url + path, { redirect: 'manual', ...init })
export const queueIsEmpty = async () => (await jobs.getProperties()).approximateMessagesCount === 0

/** Starts the host for the file; each test begins with nothing noted. */
export function useHostApp(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'functions-host-'))
    await start()
  })
  afterAll(async () => {
    await host.stop()
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(() => {
    app.seen.length = 0
  })
}
