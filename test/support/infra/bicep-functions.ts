/** The functions of Bicep that `infra/` uses, as far as they are known before a deployment. */
type Callback = (item: unknown) => unknown

const text = (value: unknown): string => String(value)

export const functions: Record<string, unknown> = {
  resourceGroup: () => ({ id: '<resource group>', location: '<region>' }),
  tenant: () => ({ tenantId: '<directory>' }),
  environment: () => ({
    authentication: { loginEndpoint: 'https://login.microsoftonline.com/' },
    suffixes: { storage: 'core.windows.net', keyvaultDns: '.vault.azure.net' },
  }),
  uniqueString: () => 'a1b2c3d4e5f6g',
  guid: (...parts: unknown[]) => `<guid of ${parts.map(text).join(', ')}>`,
  subscriptionResourceId: (type: unknown, id: unknown) => `${text(type)}/${text(id)}`,
  cidrSubnet: (range: unknown, size: unknown, at: unknown) => `<${text(range)} /${text(size)} #${text(at)}>`,
  take: (value: unknown, count: number) => text(value).slice(0, count),
  last: (items: unknown[]) => items.at(-1),
  split: (value: unknown, by: string) => text(value).split(by === '/' ? /[/ ]/ : by),
  replace: (value: unknown, what: string, by: unknown) => text(value).replaceAll(what, text(by)),
  empty: (value: unknown) => value === null || Object.keys(value as object).length === 0,
  union: (...objects: object[]) => Object.assign({}, ...objects),
  concat: (...lists: unknown[][]) => lists.flat(1),
  filter: (items: unknown[], by: Callback) => items.filter((item) => by(item) === true),
  map: (items: unknown[], by: Callback) => items.map(by),
  bool: (value: unknown) => value === 'true',
  readEnvironmentVariable: (name: unknown, fallback?: unknown) => fallback ?? `<${text(name)}>`,
}
