import { Directory } from './directory.js'
import { misbehaviours, type Tenant } from './directory-types.js'

/** Ids of the demo content, for settings and tests. */
export const demo = {
  tenantId: '7a1c0d3e-5b1f-4c55-9f3e-0c0de0000001',
  otherTenantId: '7a1c0d3e-5b1f-4c55-9f3e-0c0de0000002',
  defaultTenantId: '7a1c0d3e-5b1f-4c55-9f3e-0c0de0000003',
  clientId: '7a1c0d3e-5b1f-4c55-9f3e-0c0de00000a1',
  clientSecret: 'demo-client-secret-not-for-real-use',
  publicClientId: '7a1c0d3e-5b1f-4c55-9f3e-0c0de00000a2',
  singleTenantClientId: '7a1c0d3e-5b1f-4c55-9f3e-0c0de00000a3',
} as const

/**
 * The demo world: tenant Contoso with ana@ (its Global Administrator), ben@, the shared mailbox info@ (ana is its
 * delegate), one account for each misbehaviour, a second tenant Fabrikam, the tenant Litware whose people send requests
 * to their administrators (lea@), and three app registrations that return to `redirectUris`. All of them have the consent
 * settings that Microsoft gives a new organisation; `consentPolicy` is that of Contoso and Fabrikam.
 */
export function demoDirectory(
  options: {
    redirectUris?: string[]
    domain?: string
    now?: () => number
    consentPolicy?: NonNullable<Tenant['consentPolicy']>
  } = {},
): Directory {
  const { redirectUris = ['http://localhost/api/oauth/callback'], domain = 'contoso.example' } = options
  const policy = options.consentPolicy === undefined ? {} : { consentPolicy: options.consentPolicy }
  const directory = new Directory(options.now)
  directory.addTenant({ id: demo.tenantId, name: 'Contoso', domains: [domain], ...policy })
  directory.addTenant({ id: demo.otherTenantId, name: 'Fabrikam', domains: ['fabrikam.example'], ...policy })
  directory.addTenant({
    id: demo.defaultTenantId,
    name: 'Litware',
    domains: ['litware.example'],
    consentRequests: true,
  })

  const ana = `ana@${domain}`
  const password = 'demo-password'
  directory.addUser({
    upn: ana,
    displayName: 'Ana Torres',
    aliases: [`ana.torres@${domain}`],
    password,
    administrator: true,
  })
  directory.addUser({ upn: `ben@${domain}`, displayName: 'Ben Okafor', password })
  directory.addUser({
    upn: `info@${domain}`,
    displayName: 'Contoso Info',
    kind: 'shared',
    fullAccess: [ana],
    sendAs: [ana],
  })
  for (const name of misbehaviours) directory.addUser({ upn: `${name}@${domain}`, password })
  directory.addUser({ upn: 'fay@fabrikam.example', displayName: 'Fay Lindqvist', password })
  directory.addUser({ upn: 'lea@litware.example', displayName: 'Lea Brandt', password })

  const common = { tenantId: demo.tenantId, redirectUris }
  const secrets = [{ value: demo.clientSecret }]
  const mailRoles = [
    'Mail.ReadWrite',
    'Mail.Send',
    'User.Read.All',
    'IMAP.AccessAsApp',
    'POP.AccessAsApp',
    'SMTP.SendAsApp',
  ]
  const roles = { [demo.tenantId]: mailRoles }
  directory.addApp({ ...common, clientId: demo.clientId, secrets, roles })
  directory.addApp({ ...common, clientId: demo.publicClientId, name: 'Mailbox Gateway (public client)' })
  directory.addApp({
    ...common,
    clientId: demo.singleTenantClientId,
    name: 'Mailbox Gateway (Contoso only)',
    audience: 'AzureADMyOrg',
    secrets,
    roles,
  })
  return directory
}
