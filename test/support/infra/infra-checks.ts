/** Every check of `infra/` on given texts, so that the tests can plant mistakes. */
import type { BicepFiles } from './bicep-evaluate.js'
import { evaluate } from './bicep-evaluate.js'
import { deploymentOf, type InfraTexts, readInfra } from './infra.js'
import { languageProblems } from './infra-language.js'
import { appSettings, nameProblems, settingProblems } from './infra-parity.js'
import { closedProblems, roleProblems, secretProblems, securityProblems } from './infra-security.js'

export const backEnd = {
  environmentId: 'mbg',
  mailAccountName: 'stmbgmaila1b2c3d4',
  tenantId: 'acme',
  principalId: '00000000-0000-0000-0000-000000000001',
}

export function infraProblems(texts: InfraTexts): string[] {
  const problems: string[] = []
  const attempt = <T>(what: string, act: () => T): T | undefined => {
    try {
      return act()
    } catch (error) {
      problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }
  const files: BicepFiles | undefined = attempt('syntax', () => readInfra(texts))
  if (files === undefined) return problems
  problems.push(...languageProblems(files), ...secretProblems(files))
  for (const [file, environment] of [
    ['main.dev.bicepparam', 'dev'],
    ['main.prod.bicepparam', 'mbg'],
    ['azd.bicepparam', 'mbg'],
  ] as const)
    attempt(file, () => {
      const { deployed } = deploymentOf(files, file)
      problems.push(...securityProblems(deployed), ...roleProblems(deployed), ...nameProblems(deployed, environment))
      problems.push(...settingProblems(appSettings(deployed)))
      if (environment === 'mbg') problems.push(...closedProblems(deployed))
    })
  attempt('customer-back-end', () => {
    problems.push(...roleProblems(evaluate(files, 'modules/customer-back-end.bicep', backEnd).deployed))
  })
  return [...new Set(problems)]
}
