/** The functions of the connect journey in this process, over Azurite, the emulated Entra, Graph, Key Vault and discovery. */
import { type HttpHandler, HttpRequest, type InvocationContext } from '@azure/functions'
import { newId } from '../../../lib/model/ids.js'
import { type Names, storageNames } from '../../../lib/model/names.js'
import type { Tables } from '../../../lib/ports/tables.js'
import { azureTables } from '../../../lib/stores/azure-tables.js'
import { demo, demoDirectory } from '../../../local/emulators/demo-directory.js'
import type { Directory } from '../../../local/emulators/directory.js'
import { type Entra, startEntra } from '../../../local/emulators/entra/start-entra.js'
import { type Graph, startGraph } from '../../../local/emulators/graph/start-graph.js'
import { type KeyVaultEmulator, startKeyVault } from '../../../local/emulators/key-vault/start-key-vault.js'
import { type Answer, Browser, type Site } from '../http/cookie-jar.js'

export const origin = 'http://localhost:7071'

export interface ConnectSite {
  directory: Directory
  entra: Entra
  graph: Graph
  vault: KeyVaultEmulator
  browser(): Browser
  /** The rows themselves, for a look and for moving deadlines into the past. */
  tables: Tables
  names: Names
  gateway: Awaited<ReturnType<typeof import('../../../lib/gateway.js')['gateway']>>
  /** Everything logged by the handlers. */
  logged: string[]
  stop(): Promise<void>
}

/** In Contoso people consent to everything themselves, so that a test about something else needs no administrator. */
export async function startConnectSite(connectionString: string): Promise<ConnectSite> {
  const directory = demoDirectory({ redirectUris: [`${origin}/oauth/callback`], consentPolicy: 'legacy' })
  const entra = await startEntra({ directory, host: '127.0.0.1' })
  const graph = await startGraph({ directory, entra })
  const vault = await startKeyVault({ port: 0 })
  Object.assign(process.env, {
    ENVIRONMENT_ID: `c${newId().slice(0, 6)}`,
    PUBLIC_BASE_URL: origin,
    MailStorage: connectionString,
    KEY_VAULT_URL: vault.url,
    MICROSOFT_LOGIN_ORIGIN: entra.url,
    MICROSOFT_GRAPH_ORIGIN: graph.url,
    // Nobody listens there: discovery finds nothing, and must not mind.
    DNS_RESOLVER_URL: 'http://127.0.0.1:9/resolve',
    AUTOCONFIG_URL: 'http://127.0.0.1:9/autoconfig/',
    ALLOW_LOOPBACK_MAIL_HOSTS: 'true',
  })
  const { gateway } = await import('../../../lib/gateway.js')
  const wired = await gateway()
  await wired.ops.sweep()
  const logged: string[] = []
  const site = await siteOf(logged)
  return {
    directory,
    entra,
    graph,
    vault,
    gateway: wired,
    tables: azureTables({ connectionString }),
    names: storageNames(wired.config.environment),
    logged,
    browser: () => new Browser(site, origin),
    stop: async () => {
      await Promise.all([entra.stop(), graph.stop(), vault.stop()])
    },
  }
}

export const tokenOf = (page: string): string => /name="token" value="([^"]+)"/.exec(page)?.[1] ?? ''

/** Opens the link and goes as far as the provider; its URL. */
export async function beginSignIn(
  browser: Browser,
  link: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const page = await browser.visit({ method: 'GET', url: link, headers })
  if (page.status !== 200) throw new Error(`The link answers ${page.status}`)
  const form = { token: tokenOf(page.body) }
  const sent = await browser.visit({ method: 'POST', url: link, form, from: origin, headers }, false)
  if (sent.status !== 303) throw new Error(`The form answers ${sent.status}`)
  return sent.headers['location'] ?? ''
}

/** The whole way of one person; the page it ends on. */
export async function signInAt(site: ConnectSite, browser: Browser, link: string, upn: string): Promise<Answer> {
  const { url } = await site.entra.control.signInAs(await beginSignIn(browser, link), upn)
  return browser.visit({ method: 'GET', url, from: site.entra.url.replace('127.0.0.1', 'login.example') })
}

/** The result code of a way that ended: in the address of the application, or in the button of the result page. */
export function resultOf({ headers, body }: Answer): string {
  const button = /href="(https:\/\/app[^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&')
  const back = headers['location'] ?? button
  return back === undefined ? '' : (new URL(back).searchParams.get('result') ?? '')
}

export const registrationInput = {
  name: 'Demo',
  kind: 'microsoft' as const,
  clientId: demo.clientId,
  directory: 'organizations',
  clientSecret: demo.clientSecret,
}

async function siteOf(logged: string[]): Promise<Site> {
  const handlers: Record<string, HttpHandler> = {
    'GET connect': (await import('../../../functions/connect-page.js')).connectPageShow,
    'POST connect': (await import('../../../functions/connect-begin.js')).connectBegin,
    'POST connect/password': (await import('../../../functions/connect-password.js')).connectPassword,
    'GET connect/password': (await import('../../../functions/connect-password.js')).connectPassword,
    'GET connect/cancel': (await import('../../../functions/connect-cancel.js')).connectCancel,
    'POST connect/cancel': (await import('../../../functions/connect-cancel.js')).connectCancel,
    'GET connect/result': (await import('../../../functions/connect-result.js')).connectResult,
    'GET oauth/callback': (await import('../../../functions/oauth-callback.js')).oauthCallback,
    'POST oauth/callback': (await import('../../../functions/oauth-callback.js')).oauthCallback,
    'GET oauth/callback/own': (await import('../../../functions/oauth-callback-own.js')).oauthCallbackOwn,
    'GET oauth/complete': (await import('../../../functions/oauth-complete.js')).oauthComplete,
  }
  const context = { error: (line: string) => logged.push(line), info: () => {} } as unknown as InvocationContext
  return async ({ method, url, headers, body }) => {
    const [, first = '', second = '', third = ''] = url.pathname.split('/')
    const isConnect = first === 'connect'
    const name = isConnect
      ? ['connect', third].filter(Boolean).join('/')
      : [first, second, ...(third === '' ? [] : ['own'])].join('/')
    const handler = handlers[`${method} ${name}`]
    if (!handler) return { status: 404 }
    const request = new HttpRequest({
      method,
      url: url.href,
      headers,
      query: Object.fromEntries(url.searchParams),
      params: isConnect ? { link: second } : third === '' ? {} : { registration: third },
      ...(method === 'POST' ? { body: { string: body } } : {}),
    })
    return (await handler(request, context)) as Awaited<ReturnType<Site>>
  }
}

/** A person follows the link, signs in as `upn`, and ends on the result page. */
export async function followLink(site: ConnectSite, link: string, upn: string): Promise<void> {
  const browser = site.browser()
  const page = await browser.visit({ method: 'GET', url: link })
  const token = /name="token" value="([^"]+)"/.exec(page.body)?.[1] ?? ''
  const sent = await browser.visit({ method: 'POST', url: link, form: { token }, from: origin }, false)
  const { url } = await site.entra.control.signInAs(sent.headers['location'] ?? '', upn)
  await browser.visit({ method: 'GET', url, from: site.entra.url.replace('127.0.0.1', 'login.example') })
}
