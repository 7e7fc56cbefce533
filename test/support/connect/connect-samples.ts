/** What the connect journey over stores in memory begins with. */
import type { Registration } from '../../../lib/model/registration.js'
import type { Verdicts } from '../../../lib/model/sign-in.js'

/** Everything that was tried works. */
export const works: Verdicts = {
  signIn: { verdict: 'works' },
  reading: { verdict: 'works' },
  sending: { verdict: 'works' },
}

/** A public client at Microsoft, unless said otherwise. */
export const sampleRegistration = (tenant: string, given: Partial<Registration> = {}): Registration => ({
  id: 'reg',
  name: 'Demo',
  tenant,
  kind: 'microsoft',
  authority: 'https://login.microsoftonline.com/organizations',
  clientId: 'c',
  credential: 'none',
  secretName: '',
  redirectUri: 'https://mail.example.com/oauth/callback',
  ...given,
})
