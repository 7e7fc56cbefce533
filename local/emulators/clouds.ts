/** Microsoft's clouds as the emulators play them: each knows its own names only. */
export interface CloudResources {
  /** Where people sign in, and the beginning of issuers. */
  login: string
  graph: string
  outlook: string
  /** The other spelling of Outlook, where a cloud has one. */
  outlookAlias: string
  /** Audience of the tokens of managed identities with which applications prove themselves. */
  exchange: string
}

export const clouds = {
  global: {
    login: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
    outlook: 'https://outlook.office.com',
    outlookAlias: 'https://outlook.office365.com',
    exchange: 'api://AzureADTokenExchange',
  },
  'us-government': {
    login: 'https://login.microsoftonline.us',
    graph: 'https://graph.microsoft.us',
    outlook: 'https://outlook.office365.us',
    outlookAlias: 'https://outlook.office365.us',
    exchange: 'api://AzureADTokenExchangeUSGov',
  },
  china: {
    login: 'https://login.partner.microsoftonline.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    outlook: 'https://partner.outlook.cn',
    outlookAlias: 'https://partner.outlook.cn',
    exchange: 'api://AzureADTokenExchangeChina',
  },
} as const satisfies Record<string, CloudResources>

export type CloudName = keyof typeof clouds
