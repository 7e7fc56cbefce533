/** What to do about each finding of the preflight; `docs/preflight.md` is written from this table. */
export const remedies = {
  'node-too-old': [
    'Node is older than 20.19.',
    'Install Node 24 (what Azure runs unless you say 22) from https://nodejs.org.',
  ],
  'node-not-deployed': [
    'Node is not the version Azure runs.',
    'Nothing to do for a trial; check with Node 24 or 22 before a release.',
  ],
  'node-ends': [
    'Support of this Node ends within six months, or has ended.',
    'Install Node 24; deploy with `nodeVersion` 24 (docs/dates.md).',
  ],
  'setting-wrong': [
    'A setting is missing or wrong.',
    'Correct the named setting as docs/configuration.md says; the output lists all wrong settings at once.',
  ],
  'name-unresolved': [
    'A host name has no address.',
    'Check the spelling in the settings, DNS, and the private DNS zones linked to the network.',
  ],
  'storage-unavailable': [
    'A storage service does not respond.',
    'Check the endpoint in the settings, the private endpoints and network rules of the storage account, and its state.',
  ],
  'storage-forbidden': [
    'A storage service refuses access.',
    "Give the identity the storage roles of docs/deploy.md and wait ten minutes. The account's firewall refuses in the same way if it does not allow this network.",
  ],
  'vault-unavailable': [
    'Key Vault does not respond.',
    'Check KEY_VAULT_URL, the network rules of the vault, and that you are signed in (az login).',
  ],
  'vault-forbidden': [
    'Key Vault refuses access.',
    'Give the identity the role "Key Vault Secrets Officer" on the vault.',
  ],
  'clock-skew': ['The clock is wrong.', 'Synchronise the clock with a time server: tokens and links depend on it.'],
  'dependency-silent': [
    'A service accepts the connection but does not answer within ten seconds.',
    'Check the network rules between here and the service, and the state of the service.',
  ],
  'timers-silent': [
    'A timer has not run for three minutes.',
    "Check that the app runs, then look for the timers' functions in its log (docs/runbook.md).",
  ],
  'messages-given-up': [
    'The gateway gave up on a queue message within the last hour.',
    'Open the console: its card says what the message was and who must repair it. You may continue to deploy.',
  ],
  'balance-not-closed': [
    'Accepted mails are not where they must be.',
    'See the list of what needs attention, then docs/runbook.md.',
  ],
  'not-started': [
    'The app has never run with these settings.',
    'Start or deploy it; the first sweep creates tables, queues and the operator key within a minute.',
  ],
  'provider-unreachable': [
    "Microsoft's sign-in service does not answer as it should.",
    'Allow the host in the firewall (docs/outbound-endpoints.md) and check MICROSOFT_LOGIN_ORIGIN.',
  ],
  'graph-unreachable': [
    'Microsoft Graph does not answer as it should.',
    'Allow the host in the firewall (docs/outbound-endpoints.md) and check MICROSOFT_GRAPH_ORIGIN.',
  ],
  'discovery-unreachable': [
    'The discovery of mail servers does not answer.',
    'Allow the host in the firewall, or accept that people must type the servers of a password mailbox themselves.',
  ],
  'address-insecure': [
    'The public address is plain http.',
    'Acceptable on this machine. Anywhere else set PUBLIC_BASE_URL to an https:// address.',
  ],
  'address-unreachable': [
    'Nothing answers at the public address.',
    "Check PUBLIC_BASE_URL, the domain's DNS and certificate, and that the app runs.",
  ],
  'address-foreign': [
    'Something else answers at the public address.',
    'PUBLIC_BASE_URL must lead to the gateway without a path in front; check the domain and proxies.',
  ],
  'version-differs': [
    'The deployed version differs from this clone.',
    'Deploy this version, or check with a clone of the deployed one.',
  ],
  'redirect-wrong': [
    'The redirect URI does not lead back to the public address.',
    "Set the app's PUBLIC_BASE_URL to the address that people use, and register that address plus /oauth/callback at the identity provider.",
  ],
  'registration-none': [
    'No registration at an identity provider is saved.',
    'Acceptable for password mailboxes. For Microsoft mailboxes create one as docs/deploy.md says.',
  ],
  'secret-missing': [
    'The client secret or key of a registration is not in the vault.',
    'Save the registration again with its client secret, or with its key and certificate (docs/day-two.md).',
  ],
  'secret-expired': [
    'A client secret or certificate has expired.',
    'Create a new one at the identity provider and save the registration with it. No mailbox has to reconnect (docs/day-two.md).',
  ],
  'secret-expiring': [
    'A client secret or certificate expires within 30 days.',
    'Create a new one at the identity provider and save the registration with it. No mailbox has to reconnect (docs/day-two.md).',
  ],
  unexpected: ['The check itself failed.', 'Run it again; if it happens again, report the line.'],
} as const satisfies Record<string, readonly [meaning: string, cure: string]>

export type RemedyId = keyof typeof remedies

export const isRemedyId = (id: string): id is RemedyId => Object.hasOwn(remedies, id)
