/**
 * S1 and S3: mails handed in over HTTP to the functions in their host, kept on Azurite, delivered to an SMTP sink; against
 * a bare loop that makes the same requests to the same Azurite and sends by nodemailer.
 */
import { fileURLToPath } from 'node:url'
import nodemailer from 'nodemailer'
import { newId } from '../../lib/model/ids.js'
import { storageNames } from '../../lib/model/names.js'
import { connectionToRow } from '../../lib/rows/connections.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { azureTables } from '../../lib/stores/azure-tables.js'
import { type ApiClient, apiClient } from '../../local/api-client.js'
import { type Stack, startStack } from '../../local/stack.js'
import { sampleConnection } from '../support/general/sample-connection.js'
import { sampleMailbox } from '../support/general/sample-mailbox.js'
import { azuriteStores } from '../support/storage/azurite-stores.js'
import { type BenchRow, each, figure, interleave, percentile, rounded, timed } from './measure.js'
import { cpuMsOf, type Peer, startPeer } from './peers.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const tenant = 'acme'
const mailboxes = 20
const text = 'The quick brown fox jumps over the lazy dog, again and again.\n'.repeat(80)

export async function benchSendStorage(rounds: number): Promise<BenchRow> {
  const mails = 100
  const atOnce = 16
  const world = await prepare()
  try {
    const hostCpuMs: number[] = []
    const bareCpuMs: number[] = []
    const results = await interleave(
      rounds,
      async () => {
        const pid = world.stack.host().pid
        const cpu = cpuMsOf(pid)
        const { ms } = await timed(async () => {
          await world.arrive(mails, () => each(mails, atOnce, (n) => world.submit(n)))
          await world.settled()
        })
        hostCpuMs.push(cpuMsOf(pid) - cpu)
        return ms
      },
      async () => {
        const { ms, cpuMs } = await timed(() => each(mails, atOnce, (n) => world.bareMail(n)))
        bareCpuMs.push(cpuMs)
        return ms
      },
    )
    const rate = (ms: number): number => (mails / ms) * 1000
    const subject = figure(results.subject.map(rate))
    const baseline = figure(results.baseline.map(rate))
    const share = subject.median / baseline.median
    // The first is the warm-up's.
    const [cpu, bareCpu] = [hostCpuMs, bareCpuMs].map((all) => figure(all.slice(1)).median / mails) as [number, number]
    return {
      id: 'S1',
      workload: `${mails} mails of 5 KB over ${mailboxes} mailboxes, HTTP to SMTP sink on Azurite, journal, log and event each`,
      reference: 'a bare loop of the same storage requests, and a nodemailer pool',
      unit: 'mails/s',
      subject,
      baseline,
      target: '>= 0.5 of the loop, own CPU <= 6 s per 1,000',
      verdict: `${share >= 0.5 && cpu <= 6 ? 'met' : 'missed'}: ${rounded(share)} of the loop, ${rounded(cpu)} CPU-s per 1,000`,
      note: `S1 counts the CPU of the whole host process, the emulated Functions host included; the loop itself takes ${rounded(bareCpu)} CPU-s per 1,000, nearly all of it in the storage SDKs. The loop makes ${bareRequests} storage requests per mail, 16 mails at once, and needs no lanes, no leases and no order. Azurite is a process of its own on the same cores and takes the larger part of both.`,
      more: { cpuSecondsPer1000: cpu, bareCpuSecondsPer1000: bareCpu },
    }
  } finally {
    await world.stop()
  }
}

export async function benchLatency(rounds: number): Promise<BenchRow> {
  const mails = 20
  const world = await prepare()
  try {
    const subjectMs: number[] = []
    const bareMs: number[] = []
    const oneByOne = async (into: number[], mail: (n: number) => Promise<unknown>): Promise<number> => {
      const all: number[] = []
      for (let n = 0; n < mails; n += 1) {
        const started = performance.now()
        all.push(await world.arrive(1, () => mail(n)))
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, 100 - (performance.now() - started))))
      }
      into.push(...all)
      return percentile(all, 0.5)
    }
    const results = await interleave(
      rounds,
      () => oneByOne(subjectMs, (n) => world.submit(n)),
      () => oneByOne(bareMs, (n) => world.bareMail(n)),
    )
    const subject = figure(results.subject)
    const baseline = figure(results.baseline)
    const p50 = subject.median / baseline.median
    // Without the warm-up's.
    const p95Ms = [subjectMs, bareMs].map((all) => percentile(all.slice(mails), 0.95)) as [number, number]
    const p95 = p95Ms[0] / p95Ms[1]
    return {
      id: 'S3',
      workload: 'one mail at a time, ten a second, from HTTP to the SMTP sink on Azurite; medians of the rounds',
      reference: 'the same requests made bare',
      unit: 'ms',
      subject,
      baseline,
      target: 'p50 <= 2 x, p95 <= 3 x',
      verdict: `${p50 <= 2 && p95 <= 3 ? 'met' : 'missed'}: p50 ${rounded(p50)} x, p95 ${rounded(p95)} x`,
      note: `S3: 95 % of the mails arrived within ${rounded(p95Ms[0])} ms, bare within ${rounded(p95Ms[1])} ms. The local host is woken by the message; in Azure the queue is polled.`,
      more: { p95Ms: p95Ms[0], bareP95Ms: p95Ms[1] },
    }
  } finally {
    await world.stop()
  }
}

interface World {
  stack: Stack
  /** Milliseconds until the sink took so many mails more. */
  arrive(mails: number, work: () => Promise<unknown>): Promise<number>
  /** Resolves when no mail is open any more. */
  settled(): Promise<void>
  submit(n: number): Promise<unknown>
  bareMail(n: number): Promise<void>
  stop(): Promise<void>
}

async function prepare(): Promise<World> {
  const sink = await startPeer<{ port: number }>('sink')
  const stack = await startStack({ root })
  const { app, ids } = await connected(stack, sink.hello.port)
  const bareMail = await bareLoop(stack, sink.hello.port)
  const taken = async (): Promise<number> => (await sink.ask<{ mails: number }>({})).mails
  return {
    stack,
    bareMail,
    submit: (n) =>
      app.call('POST', 'v1/mails', {
        mailboxId: ids[n % ids.length],
        to: [`r${n}@b.example`],
        subject: `Offer ${n}`,
        text,
      }),
    async arrive(mails, work) {
      const before = await taken()
      const started = performance.now()
      const working = work()
      // A failure of the work ends the waiting; its end does not.
      await Promise.race([until(sink, before + mails), working.then(() => new Promise<never>(() => {}))])
      const ms = performance.now() - started
      await working
      return ms
    },
    async settled() {
      while ((await app.call<{ mails: unknown[] }>('GET', 'v1/mails?limit=1')).mails.length > 0)
        await new Promise((resolve) => setTimeout(resolve, 20))
    },
    async stop() {
      sink.stop()
      await stack.stop()
    },
  }
}

async function until(sink: Peer<unknown>, mails: number): Promise<void> {
  const giveUpAt = performance.now() + 300_000
  while ((await sink.ask<{ mails: number }>({})).mails < mails) {
    if (performance.now() > giveUpAt) throw new Error('the mails did not arrive within five minutes')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** A tenant with mailboxes that send to the sink without a login. */
async function connected(stack: Stack, port: number): Promise<{ app: ApiClient; ids: string[] }> {
  const operator = stack.operatorKey()
  await apiClient(stack.url, operator).call('POST', 'v1/tenants', { id: tenant, name: 'Acme' })
  const made = await apiClient(stack.url, operator, tenant).call<{ key: string }>('POST', 'v1/keys', {
    role: 'app',
    name: 'bench',
  })
  const tables = azureTables({ connectionString: stack.connectionString })
  const names = storageNames('mbg')
  const ids: string[] = []
  for (let n = 0; n < mailboxes; n += 1) {
    const connection = sampleConnection({ tenant, mode: 'anonymous', provider: 'basic' })
    await tables.insert(names.table('connections'), connectionToRow(connection))
    const mailbox = sampleMailbox({
      tenant,
      key: `b${n}`,
      address: `box-${n}@acme.example`,
      send: {
        transport: 'smtp',
        connectionId: connection.id,
        smtp: { host: '127.0.0.1', port, tls: 'plain', messagesPerSession: 100 },
      },
      epoch: 0,
    })
    await tables.insert(names.table('mailboxes'), toRow(mailbox))
    ids.push(mailbox.id)
  }
  return { app: apiClient(stack.url, made.key), ids }
}

/** Requests of one mail: what accepting, draining and recording ask of storage, without reading what they say. */
const bareRequests = 17

async function bareLoop(stack: Stack, port: number): Promise<(n: number) => Promise<void>> {
  const { connectionString } = stack
  const { tables, queues, blobs } = azuriteStores({ connectionString })
  const names = storageNames('bare')
  const [rows, queue, container] = [names.table('mails'), names.queue('mail-send'), names.container('outbound')]
  await Promise.all([tables.ensure(rows), queues.ensure(queue), blobs.ensure(container)])
  const transport = nodemailer.createTransport({
    pool: true,
    maxConnections: 4,
    host: '127.0.0.1',
    port,
    ignoreTLS: true,
  })
  const bytes = Buffer.from(text)
  const columns = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`column${n}`, `value number ${n}`]))
  const message = { v: 1, tenant, mailboxId: newId(), text: 'as long as an event is: '.repeat(12) }
  return async (n) => {
    const id = newId()
    const row = (kind: string) => ({ partitionKey: `${tenant}~${id.slice(0, 2)}`, rowKey: `${kind}~${id}`, ...columns })
    const { partitionKey, rowKey } = row('mail')
    await tables.get(rows, tenant, 'mailbox')
    await blobs.put(container, { name: id, bytes, ifAbsent: true })
    await tables.upsert(rows, row('hint'))
    let etag = await tables.insert(rows, row('mail'))
    await tables.upsert(rows, row('due'))
    await queues.send(queue, message)
    // Taking and deleting the message are two more of the host's own; here they are two writes.
    await queues.send(queue, message)
    await queues.send(queue, message)
    await tables.get(rows, partitionKey, rowKey)
    etag = await tables.update(rows, row('mail'), etag)
    await blobs.get(container, id)
    etag = await tables.update(rows, row('mail'), etag)
    await transport.sendMail({ from: 'sales@acme.example', to: `r${n}@b.example`, subject: `Offer ${n}`, text })
    await tables.update(rows, row('mail'), etag)
    await queues.send(queue, message)
    await tables.remove(rows, { partitionKey, rowKey: `hint~${id}` })
    await blobs.remove(container, id)
    await tables.insert(rows, row('log'))
  }
}
