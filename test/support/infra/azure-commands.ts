/**
 * Commands of the Azure CLI and azd that the documents and workflows use, with the options they may have there. There is
 * no Azure CLI in the tests: this list is what the reference of the CLI says, looked up once for each new command.
 */
const common = ['--query', '--output']
const group = '--resource-group'
const template = ['--name', group, '--template-file', '--parameters']

export const azureCommands: Record<string, string[]> = {
  'az login': [],
  'az bicep install': [],
  'az bicep build': ['--file', '--stdout'],
  'az bicep build-params': ['--file', '--stdout'],
  'az bicep lint': ['--file'],
  'az group create': ['--name', '--location'],
  'az deployment group create': template,
  'az deployment group what-if': template,
  'az deployment group show': ['--name', group],
  'az functionapp deployment source config-zip': [group, '--name', '--src'],
  'az functionapp config appsettings list': [group, '--name'],
  'az functionapp config appsettings set': [group, '--name', '--settings'],
  'az functionapp restart': [group, '--name'],
  'az keyvault secret show': ['--id', '--vault-name', '--name'],
  'az keyvault secret set': ['--vault-name', '--name', '--value', '--file'],
  'az keyvault secret list-deleted': ['--vault-name'],
  'az keyvault secret recover': ['--vault-name', '--name'],
  'az keyvault recover': ['--name', '--location'],
  'az storage blob undelete': ['--account-name', '--container-name', '--name', '--auth-mode'],
  'az ad app create': ['--display-name', '--sign-in-audience', '--web-redirect-uris'],
  'az ad app update': ['--id', '--web-redirect-uris'],
  'az ad app permission add': ['--id', '--api', '--api-permissions'],
  'az ad app credential reset': ['--id', '--append', '--years', '--display-name', '--cert'],
  'az ad app credential list': ['--id'],
  'az ad app credential delete': ['--id', '--key-id'],
  'az ad app federated-credential create': ['--id', '--parameters'],
  'az ad sp create': ['--id'],
  'az role assignment create': ['--assignee', '--role', '--scope'],
  'azd auth login': [],
  'azd env new': [],
  'azd env set': [],
  'azd env get-values': [],
  'azd up': [],
  'azd down': ['--purge'],
  'az provider register': ['--namespace'],
}

/** What is wrong with one command line: an unknown command, an option it does not have, a file that is not there. */
export function commandProblems(line: string, fileExists: (path: string) => boolean): string[] {
  // Values in quotes may hold anything, options too.
  const words = line.replace(/'[^']*'|"[^"]*"/g, 'VALUE').split(/\s+/)
  const named = Object.keys(azureCommands)
    .filter((name) => `${line} `.startsWith(`${name} `))
    .sort((a, b) => b.length - a.length)[0]
  if (named === undefined) return [`unknown command: ${line}`]
  const allowed = [...common, ...(azureCommands[named] ?? [])]
  const options = words.filter((word) => word.startsWith('--') && !allowed.includes(word))
  const files = words.filter(
    (word) => /^(infra|local|docs|test|functions|lib)\/[\w./-]+$/.test(word) && !fileExists(word),
  )
  return [...options.map((one) => `${named} has no option ${one}`), ...files.map((one) => `no such file: ${one}`)]
}
