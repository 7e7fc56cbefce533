/** B1: what it costs to refuse the worst bodies there are, against reading a good mail of the same size (A3). */
import type { HttpRequest } from '@azure/functions'
import { jsonBody } from '../../lib/http/json-body.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { type BenchRow, figure, rounded } from './measure.js'

const largest = 60 * 1024 * 1024
const megabyte = 1024 * 1024

/** `unit` as often as it fits between head and tail. */
function filled(size: number, head: string, unit: string, tail: string): Buffer {
  const room = size - Buffer.byteLength(head) - Buffer.byteLength(tail)
  return Buffer.concat([
    Buffer.from(head),
    Buffer.alloc(room - (room % Buffer.byteLength(unit)), unit),
    Buffer.from(tail),
  ])
}

const good = (size: number): Buffer =>
  filled(size, '{"to":["kim@example.net"],"text":"x","attachments":[{"filename":"a","content":"', 'AAAA', '"}]}')

const mail = '{"to":["kim@example.net"],'
const worst: Record<string, (size: number) => Buffer> = {
  'empty objects': (size) => filled(size, '{"to":[{}', ',{}', ']}'),
  'lists in lists': (size) => filled(size, '', '[', ''),
  'members of one object': (size) => filled(size, `${mail}"headers":{"a":0`, ',"b":0', '}}'),
  'lists of a thousand': (size) => filled(size, '{"to":[[0]', `,[${'0,'.repeat(998)}0]`, ']}'),
  'one long key': (size) => filled(size, '{"', 'a', '":1}'),
  'escaped quotes': (size) => filled(size, `${mail}"text":"`, '\\"', '","hold":1}'),
  'escaped quotes far apart': (size) => filled(size, `${mail}"text":"`, `${'a'.repeat(65)}\\"`, '","hold":1}'),
  'escaped letters': (size) => filled(size, `${mail}"subject":"`, '\\u00e9', '"}'),
  'letters of three bytes': (size) => filled(size, `${mail}"subject":"`, '€', '"}'),
  'a media type without end': (size) =>
    filled(size, `${mail}"attachments":[{"filename":"a","content":"","contentType":"a/b`, '; a=b', '!"}]}'),
  'space and digits': (size) => filled(size, `${mail}"hold":`, ' 1', '}'),
}

async function cpuMsOf(body: Buffer): Promise<{ cpuMs: number; isTaken: boolean }> {
  const headers = { 'content-type': 'application/json', 'content-length': String(body.byteLength) }
  // What the worker makes of a request, without its library, which wants a host.
  const request = new Request('http://localhost/mails', { method: 'POST', headers, body }) as unknown as HttpRequest
  const before = process.cpuUsage()
  let isTaken = true
  try {
    parseMailSubmission(await jsonBody(request, largest))
  } catch {
    isTaken = false
  }
  const { user, system } = process.cpuUsage(before)
  return { cpuMs: (user + system) / 1000, isTaken }
}

export async function benchHostileBodies(rounds: number): Promise<BenchRow> {
  // The cost is linear: a quarter of the largest shows it in a quarter of the time.
  const size = largest / 4
  const goodMs: number[] = []
  const badMs = new Map<string, number[]>()
  await cpuMsOf(good(size))
  const idleMegabytes = process.memoryUsage().rss / megabyte
  for (let round = 0; round < rounds; round += 1) goodMs.push((await cpuMsOf(good(size))).cpuMs)
  const goodPeak = process.resourceUsage().maxRSS / 1024
  for (let round = 0; round < rounds; round += 1)
    for (const [name, make] of Object.entries(worst)) {
      const { cpuMs, isTaken } = await cpuMsOf(make(size))
      if (isTaken) throw new Error(`${name}: the body was taken`)
      badMs.set(name, [...(badMs.get(name) ?? []), cpuMs])
    }
  const badPeak = process.resourceUsage().maxRSS / 1024
  const figures = [...badMs].map(([name, values]) => ({ name, ...figure(values) }))
  const slowest = figures.sort((a, b) => b.median - a.median)[0]!
  const reference = figure(goodMs)
  const ratio = slowest.median / reference.median
  const memory = badPeak / goodPeak
  const list = figures.map(({ name, median }) => `${name} ${rounded(median)}`).join(', ')
  return {
    id: 'B1',
    workload: `refusing the worst of ${figures.length} bodies of 15 MiB: ${slowest.name}`,
    reference: 'reading a good mail of 15 MiB',
    unit: 'ms CPU',
    subject: slowest,
    baseline: reference,
    target: 'CPU and peak memory <= 2 x the good mail',
    verdict: `${ratio <= 2 && memory <= 2 ? 'met' : 'missed'}: ${rounded(ratio)} x CPU, ${rounded(memory)} x peak memory`,
    note: `B1 in ms CPU, each the median of ${rounds}: ${list}; the good mail ${rounded(reference.median)}. Both are read and judged by the schema and neither is stored. The peak of the process was ${rounded(goodPeak)} MB after the good mails and ${rounded(badPeak)} MB after all refusals, ${rounded(idleMegabytes)} MB before.`,
    more: Object.fromEntries(figures.map(({ name, median }) => [name, median])),
  }
}
