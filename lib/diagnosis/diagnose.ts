/**
 * The error catalogue, asked. `catalogue.json` holds rows of [code, source, match, meaning, class:hint, remedy]. A
 * context names the sources to ask, in order; within a source the first row whose conditions all hold wins, and the
 * last source always has an answer. Rows are compiled once, when this module is loaded.
 */
import type { ErrorClass, Hint } from '../errors.js'
import type { Diagnosis, DiagnosisContext, Fault } from '../model/diagnosis.js'
import catalogue from './catalogue.json' with { type: 'json' }
import { type Facts, readFacts } from './read-facts.js'

const sourcesOf: Record<DiagnosisContext, readonly string[]> = {
  'ms-token': ['entra', 'oauth', 'net', 'any'],
  'google-token': ['google-oauth', 'oauth', 'net', 'any'],
  'oauth-token': ['oauth', 'net', 'any'],
  graph: ['graph', 'net', 'any'],
  'gmail-api': ['gmail-api', 'graph', 'net', 'any'],
  'ms-smtp': ['exo-smtp', 'smtp', 'net', 'any'],
  'ms-smtp-app': ['exo-smtp-app', 'exo-smtp', 'smtp', 'net', 'any'],
  'gmail-smtp': ['gmail-smtp', 'smtp', 'net', 'any'],
  smtp: ['smtp', 'net', 'any'],
  'ms-imap': ['exo-imap', 'imap', 'net', 'any'],
  'ms-imap-app': ['exo-imap-app', 'exo-imap', 'imap', 'net', 'any'],
  'gmail-imap': ['gmail-imap', 'imap', 'net', 'any'],
  imap: ['imap', 'net', 'any'],
  'ms-pop': ['pop3', 'net', 'any'],
  net: ['net', 'any'],
  local: ['local', 'azure', 'any'],
}

type Condition = (facts: Facts) => boolean

interface Rule {
  source: string
  match: string
  conditions: Condition[]
  diagnosis: Diagnosis
}

const rulesBySource = new Map<string, Rule[]>()
for (const row of catalogue) {
  const [code, source, match, meaning, verdict, remedy] = row as [string, string, string, string, string, string]
  const [errorClass, hint] = verdict.split(':') as [ErrorClass, Hint?]
  const rule: Rule = {
    source,
    match,
    conditions: match.split(' + ').map(compile),
    diagnosis: { code, class: errorClass, hint, description: sentence(meaning), remedy: sentence(remedy) },
  }
  const rules = rulesBySource.get(source)
  if (rules) rules.push(rule)
  else rulesBySource.set(source, [rule])
}

const rulesByContext = new Map<DiagnosisContext, Rule[]>()
for (const context of Object.keys(sourcesOf) as DiagnosisContext[]) {
  const rules = sourcesOf[context].flatMap((source) => rulesBySource.get(source) ?? [])
  // Gmail answers Graph's HTTP statuses, not its words.
  const applies = (rule: Rule) => context !== 'gmail-api' || rule.source !== 'graph' || rule.match.startsWith('http=')
  rulesByContext.set(context, rules.filter(applies))
}

/** The catalogue entry for a failure. Never throws; what nobody knows is `unclassified`, transient. */
export function diagnose(fault: Fault): Diagnosis {
  return ruleFor(fault).diagnosis
}

/** The match expression that won, for tests and for people who extend the catalogue. */
export function matchFor(fault: Fault): string {
  return ruleFor(fault).match
}

/** Every entry, in catalogue order, for documentation and pages. */
export function everyDiagnosis(): Diagnosis[] {
  return [...rulesBySource.values()].flatMap((rules) => rules.map((rule) => rule.diagnosis))
}

function ruleFor(fault: Fault): Rule {
  const facts = readFacts(fault)
  const rules = rulesByContext.get(fault.context) ?? rulesByContext.get('net')!
  return rules.find((rule) => rule.conditions.every((holds) => holds(facts)))!
}

function compile(condition: string): Condition {
  if (condition === 'always') return () => true
  const [, kind = '', , value = ''] = /^(\w+)([=~])(.*)$/s.exec(condition) ?? []
  switch (kind) {
    case 'text':
      return (facts) => facts.text.includes(value)
    case 'aadsts':
      return (facts) => facts.aadsts.has(value)
    case 'graph':
    case 'google':
      return (facts) => facts[kind].includes(value)
    case 'http':
    case 'smtp':
      return value.endsWith('xx')
        ? (facts) => facts[kind].length === 3 && facts[kind][0] === value[0]
        : (facts) => facts[kind] === value
    case 'esc':
      return value.endsWith('*') ? (facts) => facts.esc.startsWith(value.slice(0, -1)) : (facts) => facts.esc === value
    case 'oauth':
    case 'suberror':
    case 'imap':
    case 'pop':
    case 'net':
    case 'azure':
    case 'local':
    case 'op':
      return (facts) => facts[kind] === value
    default:
      throw new Error(`The error catalogue holds a condition nobody knows: ${condition}`)
  }
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}
