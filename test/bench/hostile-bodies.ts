/**
 * B1: what it costs to refuse the worst bodies there are, against reading a good mail of the same size (A3); and the worst
 * forms, cookies, queries and headers, as many of the largest allowed as make up that size.
 */
import type { HttpRequest } from '@azure/functions'
import { judgedKey } from '../../lib/http/api/idempotency-key.js'
import { operations } from '../../lib/http/api/operations.js'
import { queryOfRequest } from '../../lib/http/api/query-of.js'
import { readCookie } from '../../lib/http/request/cookies.js'
import { fieldOf, formBody } from '../../lib/http/request/form-body.js'
import { jsonBody } from '../../lib/http/request/json-body.js'
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
  'raw that is no base64': (size) => filled(size, `${mail}"raw":"`, 'AAAA', '!"}'),
  'a file name without end': (size) =>
    filled(size, `${mail}"attachments":[{"content":"","filename":"`, '\\u202e../', '"}]}'),
  'file names': (size) => {
    const one = `{"filename":"${'é/'.repeat(90)}","content":""}`
    return filled(size, `${mail}"attachments":[${one}`, `,${one}`, ']}')
  },
  'space and digits': (size) => filled(size, `${mail}"hold":`, ' 1', '}'),
}

/** What hosts let through of headers and address together. */
const headerBytes = 32 * 1024
const formBytes = 64 * 1024
const times = (unit: string, bytes: number): string => unit.repeat(Math.floor(bytes / Buffer.byteLength(unit)))
const numbered = (bytes: number): string =>
  Array.from({ length: Math.floor(bytes / 7) }, (_, n) => `&${n.toString(36).padStart(4, 'q')}=`).join('')

/** One refusal of `bytes`; resolves to true when it was taken after all. */
const worstSmall: Record<string, { bytes: number; refuse(): Promise<boolean> }> = {
  cookies: small(headerBytes, (text) => async () => readCookie(text, '__Host-console') !== undefined, '; a=b'),
  'cookies of our name': small(
    headerBytes,
    (text) => async () => readCookie(text, '__Host-console') !== undefined,
    ';__Host-console=a',
  ),
  'parameters nobody knows': small(
    headerBytes,
    (text) => async () => passes(queryOfRequest(operations.mailList, addressed(text))),
    numbered(headerBytes),
  ),
  'a parameter given often': small(
    headerBytes,
    (text) => async () => passes(queryOfRequest(operations.mailList, addressed(text))),
    '&limit=1',
  ),
  'an idempotency key': small(
    headerBytes,
    (text) => async () => {
      const request = new Request('http://localhost/', { headers: { 'idempotency-key': text } })
      return judgedKey({ request: request as unknown as HttpRequest, refused: [] }).key !== undefined
    },
    'é',
  ),
  'fields of a form': small(formBytes, formOf, numbered(formBytes)),
  'one field of a form, often': small(formBytes, formOf, '&token=a'),
  'a form of escapes': small(formBytes, formOf, '%zz%41'),
}

function small(bytes: number, of: (text: string) => () => Promise<boolean>, unit: string) {
  return { bytes, refuse: of(times(unit, bytes)) }
}

function formOf(text: string): () => Promise<boolean> {
  return async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(text.length) }
    const request = new Request('http://localhost/', { method: 'POST', headers, body: text })
    return passes(formBody(request as unknown as HttpRequest).then(requireToken))
  }
}

/** The platform reads the query once and hands over both. */
const addressed = (text: string) => ({ url: `http://localhost/mails?${text}`, query: new URLSearchParams(text) })

function requireToken(form: URLSearchParams): void {
  if (fieldOf(form, 'token') === '') throw new Error('has no token')
}

const passes = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )

async function cpuMsOfSmall({ bytes, refuse }: (typeof worstSmall)[string], size: number): Promise<number> {
  const before = process.cpuUsage()
  for (let sent = 0; sent < size; sent += bytes) if (await refuse()) throw new Error('was taken')
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
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
  for (let round = 0; round < rounds; round += 1)
    for (const [name, kind] of Object.entries(worstSmall))
      badMs.set(name, [...(badMs.get(name) ?? []), await cpuMsOfSmall(kind, size)])
  const badPeak = process.resourceUsage().maxRSS / 1024
  const figures = [...badMs].map(([name, values]) => ({ name, ...figure(values) }))
  const slowest = figures.sort((a, b) => b.median - a.median)[0]!
  const reference = figure(goodMs)
  const ratio = slowest.median / reference.median
  const memory = badPeak / goodPeak
  const list = figures.map(({ name, median }) => `${name} ${rounded(median)}`).join(', ')
  return {
    id: 'B1',
    workload: `refusing the worst of ${figures.length} kinds of 15 MiB: ${slowest.name}`,
    reference: 'reading a good mail of 15 MiB',
    unit: 'ms CPU',
    subject: slowest,
    baseline: reference,
    target: 'CPU and peak memory <= 2 x the good mail',
    verdict: `${ratio <= 2 && memory <= 2 ? 'met' : 'missed'}: ${rounded(ratio)} x CPU, ${rounded(memory)} x peak memory`,
    note: `B1 in ms CPU, each the median of ${rounds}: ${list}; the good mail ${rounded(reference.median)}. Both are read and judged by the schema and neither is stored; cookies, parameters, headers (32 KiB each) and forms (64 KiB each) come as often as makes 15 MiB. The peak of the process was ${rounded(goodPeak)} MB after the good mails and ${rounded(badPeak)} MB after all refusals, ${rounded(idleMegabytes)} MB before.`,
    more: Object.fromEntries(figures.map(({ name, median }) => [name, median])),
  }
}
