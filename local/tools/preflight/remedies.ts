/** What to do about each finding of the preflight; `docs/preflight.md` is written from this table. */
export const remedies = {
  'node-too-old': [
    'Node is older than 20.19.',
    'Install Node 24 (what Azure runs unless you say 22) from https://nodejs.org.',
  ],
  'node-not-deployed': [
    'Node is not the version Azure runs.',
    'Nothing for a try; check with Node 24 or 22 before a release.',
  ],
  'node-ends': [
    'Support of this Node ends within six months, or has ended.',
    'Install Node 24; deploy with `nodeVersion` 24 (docs/dates.md).',
  ],
  'setting-wrong': [
    'A setting is missing or wrong.',
    'Correct the named setting as docs/configuration.md says; all wrong ones are listed at once.',
  ],
  'name-unresolved': [
    'A host name has no address.',
    'Look at the spelling in the settings, at DNS, and at the private DNS zones linked to the network.',
  ],
  'storage-unavailable': [
    'A storage service does not respond.',
    'Compare the endpoint in the settings, the private endpoints and network rules of the storage account, and its state.',
  ],
  'storage-forbidden': [
    'A storage service refuses.',
    'Give the identity the storage roles of docs/deploy.md and wait ten minutes; a firewall of the account that lacks this network refuses in the same way.',
  ],
  'vault-unavailable': [
    'Key Vault does not respond.',
    'Compare KEY_VAULT_URL, the network rules of the vault, and whether you are signed in (az login).',
  ],
  'vault-forbidden': ['Key Vault refuses.', 'Give the identity the role "Key Vault Secrets Officer" on the vault.'],
  'clock-skew': ['The clock is off.', 'Set the clock by a time server: tokens and links are judged by it.'],
  'dependency-silent': [
    'A service accepts the connection but does not answer in ten seconds.',
    'Look at the network rules between here and the service, and at its state.',
  ],
  'timers-silent': [
    'A timer has not run for three minutes.',
    'Look whether the app runs, then at the functions of the timers in its log (docs/runbook.md).',
  ],
  'messages-given-up': [
    'A queue message was given up within the last hour.',
    'Open the console: its card says what it was and who puts it right. Deploying may go on.',
  ],
  'balance-not-closed': [
    'Accepted mails are not where they must be.',
    'Look at the list of what needs attention, then at docs/runbook.md.',
  ],
  'not-started': [
    'The app has never run with these settings.',
    'Start or deploy it; the first sweep makes tables, queues and the operator key within a minute.',
  ],
  'provider-unreachable': [
    'The sign-in service of Microsoft does not answer as it should.',
    'Allow the host in the firewall (docs/outbound-endpoints.md); compare MICROSOFT_LOGIN_ORIGIN.',
  ],
  'graph-unreachable': [
    'Microsoft Graph does not answer as it should.',
    'Allow the host in the firewall (docs/outbound-endpoints.md); compare MICROSOFT_GRAPH_ORIGIN.',
  ],
  'discovery-unreachable': [
    'The finder of mail servers does not answer.',
    'Allow the host in the firewall, or accept that people type the servers of a password mailbox themselves.',
  ],
  'address-insecure': [
    'The public address is plain http.',
    'Fine on this machine. Anywhere else set PUBLIC_BASE_URL to an https:// address.',
  ],
  'address-unreachable': [
    'Nobody answers at the public address.',
    'Look at PUBLIC_BASE_URL, DNS and certificate of the domain, and whether the app runs.',
  ],
  'address-foreign': [
    'Something else answers at the public address.',
    'PUBLIC_BASE_URL must lead to the gateway without a path in front; look at the domain and at proxies.',
  ],
  'version-differs': [
    'The deployed version is another one than this clone.',
    'Deploy this version, or check with a clone of the deployed one.',
  ],
  'redirect-wrong': [
    'The redirect URI does not lead back to the public address.',
    'Set PUBLIC_BASE_URL of the app to the address people use, and register that address plus /oauth/callback at the identity provider.',
  ],
  'registration-none': [
    'No registration at an identity provider is saved.',
    'Fine for password mailboxes. For Microsoft mailboxes make one as docs/deploy.md says.',
  ],
  'secret-missing': [
    'A registration has no client secret in the vault.',
    'Save the registration again with its client secret (docs/day-two.md).',
  ],
  'secret-expired': [
    'A client secret has ended.',
    'Make a new one at the identity provider and save the registration with it; no mailbox has to reconnect (docs/day-two.md).',
  ],
  'secret-expiring': [
    'A client secret ends within 30 days.',
    'Make a new one at the identity provider and save the registration with it; no mailbox has to reconnect (docs/day-two.md).',
  ],
  unexpected: ['The check itself failed.', 'Run it again; if it happens again, report the line.'],
} as const satisfies Record<string, readonly [meaning: string, cure: string]>

export type RemedyId = keyof typeof remedies

export const isRemedyId = (id: string): id is RemedyId => Object.hasOwn(remedies, id)
