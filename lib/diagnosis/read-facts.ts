import type { Fault } from '../model/diagnosis.js'

/** A fault with everything its raw text adds; what the adapter stated itself wins. */
export interface Facts {
  /** Lower case, white space collapsed, bounded. */
  text: string
  aadsts: ReadonlySet<string>
  oauth: string
  suberror: string
  graph: readonly string[]
  google: readonly string[]
  http: string
  smtp: string
  esc: string
  imap: string
  pop: string
  net: string
  azure: string
  local: string
  op: string
}

const longestText = 16_384

/** Reads protocol codes out of the peer's words: JSON bodies, AADSTS numbers, SMTP replies, IMAP and POP3 statuses. */
export function readFacts(fault: Fault): Facts {
  const raw = (fault.text ?? '').slice(0, longestText)
  const body = readJson(raw)
  const aadsts = new Set<string>(fault.aadsts?.map(String))
  for (const [, number] of raw.matchAll(/AADSTS(\d{3,9})(?!\d)/g)) aadsts.add(number!)
  for (const number of body.numbers) aadsts.add(number)
  const smtp = fault.smtp === undefined ? (/^([245]\d\d)(?=[ -]|$)/m.exec(raw)?.[1] ?? '') : String(fault.smtp)
  return {
    text: raw.toLowerCase().replace(/\s+/g, ' '),
    aadsts,
    oauth: fault.oauthError ?? body.oauth,
    suberror: fault.suberror ?? body.suberror,
    graph: [fault.graphCode, fault.innerGraphCode, ...body.graph].filter((code) => code !== undefined),
    google: [fault.googleReason, ...body.reasons].filter((reason) => reason !== undefined),
    http: fault.http === undefined ? '' : String(fault.http),
    smtp,
    // Not inside version numbers and IPv4 addresses.
    esc: ofClass(smtp, fault.enhanced ?? /(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\d|\.\d)/.exec(raw)?.[0] ?? ''),
    imap: fault.imap ?? /^(?:\S{1,40} )?(NO|BAD|BYE)(?= |$)/m.exec(raw)?.[1] ?? '',
    pop: fault.pop ?? (/^-ERR(?= |$)/m.test(raw) ? 'ERR' : ''),
    net: fault.net ?? '',
    azure: fault.azure ?? '',
    local: fault.local ?? '',
    op: fault.operation ?? '',
  }
}

/** Whether to come again says the reply code alone (RFC 5321 4.2.1); an enhanced code of another class is its slip. */
const ofClass = (smtp: string, enhanced: string): string =>
  /^[45]/.test(smtp) && enhanced !== '' ? `${smtp[0]}${enhanced.slice(1)}` : enhanced

interface BodyFacts {
  numbers: string[]
  oauth: string
  suberror: string
  graph: string[]
  reasons: string[]
}

function readJson(raw: string): BodyFacts {
  const facts: BodyFacts = { numbers: [], oauth: '', suberror: '', graph: [], reasons: [] }
  if (!raw.trimStart().startsWith('{')) return facts
  let body: unknown
  try {
    body = JSON.parse(raw)
  } catch {
    return facts
  }
  if (!isRecord(body)) return facts
  if (Array.isArray(body['error_codes'])) facts.numbers = body['error_codes'].slice(0, 20).map(String)
  if (typeof body['suberror'] === 'string') facts.suberror = body['suberror']
  const { error } = body
  if (typeof error === 'string') facts.oauth = error
  if (isRecord(error)) readApiError(error, facts)
  return facts
}

function readApiError(error: Record<string, unknown>, facts: BodyFacts): void {
  let inner: unknown = error
  for (let depth = 0; depth < 5 && isRecord(inner); depth++) {
    if (typeof inner['code'] === 'string') facts.graph.push(inner['code'])
    inner = inner['innerError'] ?? inner['innererror']
  }
  if (!Array.isArray(error['errors'])) return
  for (const one of error['errors'].slice(0, 20)) {
    if (isRecord(one) && typeof one['reason'] === 'string') facts.reasons.push(one['reason'])
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
