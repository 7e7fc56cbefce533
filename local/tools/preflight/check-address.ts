import type { Config } from '../../../lib/config.js'
import { version } from '../../../lib/http/api/version.js'
import { ask } from './ask.js'
import { type Finding, fail, pass, warn } from './finding.js'

/**
 * The public address must be this gateway, over https, and its redirect URI must lead back to the same address: the
 * callback sends every browser on to `{PUBLIC_BASE_URL}/oauth/complete`, so the answer shows the setting of the app.
 */
export async function checkAddress(config: Config): Promise<Finding[]> {
  const base = config.publicBaseUrl
  const findings: Finding[] = base.startsWith('https://') ? [] : [warn('address', base, 'address-insecure')]
  const answer = await ask(`${base}/api/version`)
  if (typeof answer === 'string') return [...findings, fail('address', `${base} ${answer}`, 'address-unreachable')]
  const running = versionIn(answer.text)
  if (answer.status !== 200 || running === undefined)
    return [...findings, fail('address', `${base} answers ${answer.status}, but not as the gateway`, 'address-foreign')]
  findings.push(
    running === version
      ? pass('address', `${base} is the gateway ${running}`)
      : warn('address', `${base} is the gateway ${running}, this clone is ${version}`, 'version-differs'),
  )
  const redirectUri = `${base}/oauth/callback`
  const callback = await ask(redirectUri)
  const leadsTo = typeof callback === 'string' ? callback : `${callback.status} ${callback.location}`.trim()
  if (typeof callback === 'string' || !callback.location.startsWith(`${base}/oauth/complete`))
    return [...findings, fail('redirect', `${redirectUri} leads to: ${leadsTo}`, 'redirect-wrong')]
  return [...findings, pass('redirect', `register exactly ${redirectUri}`)]
}

function versionIn(text: string): string | undefined {
  try {
    const { version, capabilities } = JSON.parse(text) as { version?: unknown; capabilities?: unknown }
    return typeof version === 'string' && typeof capabilities === 'object' ? version : undefined
  } catch {
    return undefined
  }
}
