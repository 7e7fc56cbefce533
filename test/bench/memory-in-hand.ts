/**
 * M1: 24 mailboxes with a mail of 25 MB each, polled side by side, with the budget of an instance of 2 GB against no budget
 * (H10). Each round runs in a process of its own, because memory once taken is not given back.
 */
import { budgetOfMemory } from '../../lib/ports/bytes-in-hand.js'
import { type BenchRow, figure, rounded } from './measure.js'
import { startPeer } from './peers.js'

const mostAboveIdle = 500

interface Round {
  aboveIdleMegabytes: number
  ms: number
}

export async function benchMemoryInHand(rounds: number): Promise<BenchRow> {
  const results: Record<'with' | 'without', Round[]> = { with: [], without: [] }
  for (let round = 0; round < rounds; round += 1)
    for (const budget of ['with', 'without'] as const) {
      const poller = await startPeer<object>('memory-poller')
      try {
        results[budget].push(await poller.ask<Round>({ budget: budget === 'with' ? budgetOfMemory(2 ** 31) : 1e15 }))
      } finally {
        poller.stop()
      }
    }
  const above = (kind: 'with' | 'without') => figure(results[kind].map(({ aboveIdleMegabytes }) => aboveIdleMegabytes))
  const subject = above('with')
  const seconds = (kind: 'with' | 'without') => figure(results[kind].map(({ ms }) => ms / 1000)).median
  return {
    id: 'M1',
    workload: '24 IMAP mailboxes with a mail of 25 MB each, polled side by side',
    reference: 'the same without a budget',
    unit: 'MB above idle',
    subject,
    baseline: above('without'),
    target: `<= ${mostAboveIdle} MB above idle`,
    verdict: `${subject.max <= mostAboveIdle ? 'met' : 'missed'}: ${rounded(subject.max)} MB at most`,
    note: `M1: resident memory of the polling process, looked at every 10 ms; what is stored is thrown away, the mail server is a process of its own. All mails were told: in ${rounded(seconds('with'))} s with the budget, ${rounded(seconds('without'))} s without.`,
    more: { secondsWithBudget: seconds('with'), secondsWithoutBudget: seconds('without') },
  }
}
