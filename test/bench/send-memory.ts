/** S2: the real accept and drain on in-memory stores to an SMTP sink, against a plain nodemailer pool to the same sink. */
import nodemailer from 'nodemailer'
import { sendFlows } from '../../lib/flows/send/index.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { smtpSender } from '../../lib/transports/smtp-sender.js'
import { connectAs } from '../support/connect/connect-as.js'
import { everySender } from '../support/general/toolbox.js'
import { sendHarness } from '../support/send/send-harness.js'
import { type BenchRow, figure, interleave, rounded, timed } from './measure.js'
import { startPeer } from './peers.js'

const mailboxes = 20
const atOnce = 4
const text = 'The quick brown fox jumps over the lazy dog, again and again.\n'.repeat(80)

export async function benchSendMemory(mails: number, rounds: number): Promise<BenchRow> {
  const sink = await startPeer<{ port: number }>('sink')
  try {
    const { port } = sink.hello
    const taken = async (): Promise<number> => (await sink.ask<{ mails: number }>({})).mails
    const checked = async (run: () => Promise<unknown>) => {
      const before = await taken()
      const sample = await timed(run)
      const arrived = (await taken()) - before
      if (arrived !== mails) throw new Error(`${arrived} of ${mails} mails arrived`)
      return sample
    }
    const counted = await gateway(mails, port, true)
    await counted.run()
    const requests = counted.calls() / mails
    const results = await interleave(
      rounds,
      async () => checked((await gateway(mails, port)).run),
      () => checked(() => pool(mails, port)),
    )
    const rate = (sample: { ms: number }): number => (mails / sample.ms) * 1000
    const perThousand = (sample: { cpuMs: number }): number => sample.cpuMs / mails
    const subject = figure(results.subject.map(rate))
    const baseline = figure(results.baseline.map(rate))
    const ownCpu = figure(results.subject.map(perThousand)).median
    const poolCpu = figure(results.baseline.map(perThousand)).median
    const share = subject.median / baseline.median
    const isMet = share >= 0.6 && ownCpu - poolCpu <= 0.4
    const extra = `${rounded(share)} of the pool, ${rounded(ownCpu - poolCpu)} CPU-s per 1,000 beyond it`
    return {
      id: 'S2',
      workload: `${mails} mails of 5 KB over ${mailboxes} mailboxes, accept and drain, in-memory stores`,
      reference: 'nodemailer pool of 4 connections',
      unit: 'mails/s',
      subject,
      baseline,
      target: '>= 0.6 of the pool, <= 0.4 CPU-s per 1,000 beyond it',
      verdict: `${isMet ? 'met' : 'missed'}: ${extra}`,
      note: `S2 in CPU time: ${rounded(ownCpu)} CPU-s per 1,000 mails, the pool ${rounded(poolCpu)}; ${rounded(requests)} storage requests per mail. HTTP, log output and real storage are left out here: they are part of S1.`,
      more: { cpuSecondsPer1000: ownCpu, poolCpuSecondsPer1000: poolCpu, storageRequestsPerMail: requests },
    }
  } finally {
    sink.stop()
  }
}

async function gateway(mails: number, port: number, counting = false) {
  const h = await sendHarness({ realTime: true })
  const { tenant } = h
  // Requests are counted in a run of their own: the counting costs as much as the memory does.
  const deps = counting ? h.deps : { ...h.deps, ...h.stores }
  const lookup = guardedLookup({ allowLoopback: true, resolve: async () => [{ address: '127.0.0.1', family: 4 }] })
  const sender = smtpSender({ lookup })
  deps.senders = everySender(sender)
  const smtp = { host: 'localhost', port, tls: 'plain' as const, messagesPerSession: 100 }
  const ids: string[] = []
  for (let n = 0; n < mailboxes; n += 1) {
    const id = newId()
    const send = { transport: 'smtp' as const, connectionId: newId(), smtp }
    await connectAs({ ...h.deps, ...h.stores }, send.connectionId, { kind: 'anonymous' })
    const mailbox = { ...h.mailbox, id, key: `box-${n}`, address: `box-${n}@acme.example`, send }
    await h.stores.tables.insert(deps.names.table('mailboxes'), toRow(mailbox))
    ids.push(id)
  }
  const run = async (): Promise<void> => {
    const waiting = [...ids]
    const worker = async (): Promise<void> => {
      for (let mailboxId = waiting.pop(); mailboxId !== undefined; mailboxId = waiting.pop()) {
        const own = mails / mailboxes
        for (let n = 0; n < own; n += 1) {
          const submission = { to: [`r${n}@b.example`], subject: `Offer ${n}`, text, mailboxId }
          await sendFlows.acceptMail(deps, tenant, { submission: parseMailSubmission(submission) })
        }
        const drains = Math.ceil(own / deps.config.laneMails)
        for (let n = 0; n < drains; n += 1) await sendFlows.drainLane(deps, { v: 1, tenant, mailboxId })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
  }
  return { run, calls: () => h.state.calls }
}

async function pool(mails: number, port: number): Promise<void> {
  const transport = nodemailer.createTransport({
    pool: true,
    maxConnections: atOnce,
    maxMessages: Number.POSITIVE_INFINITY,
    host: '127.0.0.1',
    port,
    ignoreTLS: true,
  })
  const send = (n: number) =>
    transport.sendMail({ from: 'sales@acme.example', to: `r${n}@b.example`, subject: `Offer ${n}`, text })
  await Promise.all(Array.from({ length: mails }, (_, n) => send(n)))
  transport.close()
}
