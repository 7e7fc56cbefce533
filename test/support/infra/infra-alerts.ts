/** Whether alerts, workbook, log lines and runbook fit each other. */
import { type TelemetryName, telemetry } from '../../../lib/model/telemetry.js'
import { type Deployed, evaluate, type Json } from './bicep-evaluate.js'
import { at, type InfraTexts, readInfra } from './infra.js'

export interface Sources {
  infra: InfraTexts
  runbook: string
  /** Text of everything under lib/. */
  code: string
}

/** Metrics that Azure itself counts. */
export const platformMetrics = [
  'Microsoft.KeyVault/vaults ServiceApiResult',
  'Microsoft.KeyVault/vaults ServiceApiHit',
  'Microsoft.Storage/storageAccounts Transactions',
  'Microsoft.Storage/storageAccounts UsedCapacity',
  'Microsoft.Web/sites OnDemandFunctionExecutionCount',
  'Microsoft.Web/sites OnDemandFunctionExecutionUnits',
  'Microsoft.Web/sites AlwaysReadyFunctionExecutionCount',
  'Microsoft.Web/sites AlwaysReadyFunctionExecutionUnits',
].map((name) => name.toLowerCase())

export interface Alert {
  name: string
  severity: number
  link: string
  query: string
  metric: string
  groups: string
}

export function alertsOf(infra: InfraTexts): { alerts: Alert[]; deployed: Deployed[]; names: string[] } {
  const prod = { environmentId: 'mbg', monthlyBudget: 500, alertAddresses: ['on-call@example.com'] }
  const { deployed } = evaluate(readInfra(infra), 'main.bicep', prod)
  const alerts = deployed
    .filter((one) => /scheduledQueryRules$|metricAlerts$/.test(one.type))
    .map((one): Alert => {
      const rule = at(one.body, 'properties.criteria.allOf.0')
      const actions = at(one.body, 'properties.actions')
      return {
        name: one.name.replace(/^mbg-/, ''),
        severity: Number(at(one.body, 'properties.severity')),
        link: String(at(actions, 'customProperties.runbook') ?? at(actions, '0.webHookProperties.runbook')),
        query: String(at(rule, 'query') ?? ''),
        metric: at(rule, 'metricName') === undefined ? '' : `${at(rule, 'metricNamespace')} ${at(rule, 'metricName')}`,
        groups: JSON.stringify(at(actions, 'actionGroups') ?? at(actions, '0.actionGroupId')),
      }
    })
  const budgets = deployed.filter((one) => one.type.endsWith('/budgets')).map((one) => one.name.replace(/^mbg-/, ''))
  return { alerts, deployed, names: [...alerts.map((one) => one.name), ...budgets] }
}

interface WorkbookItem {
  type: number
  name: string
  content: { query?: string; metrics?: { metric: string; namespace: string }[]; resourceIds?: string[] }
}

export function workbookOf(deployed: Deployed[]): WorkbookItem[] {
  const page = deployed.find((one) => one.type.endsWith('/workbooks'))?.body
  return (JSON.parse(String(at(page, 'properties.serializedData'))) as { items: WorkbookItem[] }).items
}

export function alertProblems({ infra, runbook, code }: Sources): string[] {
  const { alerts, deployed, names } = alertsOf(infra)
  const sections = sectionsOf(runbook)
  const problems: string[] = []
  for (const name of names) if (!sections.has(name)) problems.push(`${name}: docs/runbook.md has no such section`)
  for (const name of sections.keys()) if (!names.includes(name)) problems.push(`${name}: a section without an alert`)
  for (const [name, text] of sections)
    for (const part of ['Meaning.', 'First look.', 'Cure.', 'Over when'])
      if (!text.includes(`**${part}**`)) problems.push(`${name}: the section does not say "${part}"`)
  for (const [, anchor = ''] of runbook.matchAll(/\]\(#([\w-]+)\)/g))
    if (!sections.has(anchor)) problems.push(`#${anchor}: a link to no section`)
  for (const one of alerts) {
    const [page, anchor] = one.link.split('#')
    if (page !== 'docs/runbook.md' || anchor !== one.name) problems.push(`${one.name}: links to ${one.link}`)
    if (!(one.severity >= 0 && one.severity <= 4)) problems.push(`${one.name}: has no severity`)
    if (!one.groups.includes('actionGroups')) problems.push(`${one.name}: tells nobody`)
    if (one.metric !== '') problems.push(...metricProblems(one.name, one.metric))
    else problems.push(...queryProblems(`${one.name}.kql`, one.query, code))
  }
  for (const item of workbookOf(deployed)) {
    if (item.content.query !== undefined && !item.content.query.startsWith('Usage'))
      problems.push(...queryProblems(`workbook ${item.name}`, item.content.query, code))
    for (const { metric, namespace } of item.content.metrics ?? []) {
      // Namespace, category (only storage has one), metric.
      const form = new RegExp(`^${namespace}-(Transaction|Capacity)?-[A-Za-z]+$`)
      if (!form.test(metric)) problems.push(`workbook ${item.name}: ${metric} is no name of a metric`)
      problems.push(...metricProblems(`workbook ${item.name}`, `${namespace} ${metric.split('-').at(-1)}`))
    }
    for (const id of item.content.resourceIds ?? [])
      if (id.includes('{')) problems.push(`workbook ${item.name}: asks ${id}`)
  }
  return problems
}

/** Only lines of the table, only their own fields, and each of them written somewhere in the code. */
export function queryProblems(where: string, query: string, code: string): string[] {
  const text = query.replace(/^\s*\/\/.*$/gm, '')
  const lines = [...text.matchAll(/\{"event":"([^"]*)"/g)].map((match) => match[1] ?? '')
  const fields = [...text.matchAll(/\bline(?:\.(\w+)|\['(\w+)'\])/g)].map((match) => match[1] ?? match[2] ?? '')
  if (lines.length === 0) return text.includes('_LogOperation') ? [] : [`${where}: asks for no line of the gateway`]
  const known = new Set<string>(lines.flatMap((name) => telemetry[name as TelemetryName] ?? []))
  return [
    ...lines.filter((name) => !(name in telemetry)).map((name) => `${where}: no line is called ${name}`),
    ...lines.filter((name) => !code.includes(`('${name}'`)).map((name) => `${where}: nothing writes ${name}`),
    ...fields
      .filter((field) => field !== 'event' && field !== 'level' && !known.has(field))
      .map((field) => `${where}: ${lines.join(', ')} has no field ${field}`),
  ]
}

function metricProblems(where: string, metric: string): string[] {
  return platformMetrics.includes(metric.toLowerCase()) ? [] : [`${where}: Azure counts no ${metric}`]
}

function sectionsOf(markdown: string): Map<string, string> {
  const chapters = markdown.split(/^## /m).slice(1)
  return new Map(chapters.map((chapter) => [chapter.slice(0, chapter.indexOf('\n')).trim(), chapter]))
}

export type { Json }
