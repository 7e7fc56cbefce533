import type { Registration } from '../model/registration.js'

/** Of personal accounts. */
export const personal = '9188040d-6c67-4c5b-b112-36a304b66dad'
/** In which Microsoft keeps the domains it gives to personal accounts. */
export const personalDomains = '84df9e7f-e9f6-40af-b435-aaaaaaaaaaaa'
/** Endpoints at which several directories sign in. */
export const sharedDirectories: readonly string[] = ['common', 'organizations', 'consumers']

export const isGuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

/** First part of the authority's path: a directory's id or a shared endpoint. */
export const directoryIn = ({ authority }: Pick<Registration, 'authority'>): string =>
  new URL(authority).pathname.split('/')[1] ?? ''

/** The registration as one directory sees it: whoever signs in or is asked there belongs to it. */
export function withinDirectory(registration: Registration, directory: string): Registration {
  return { ...registration, authority: `${new URL(registration.authority).origin}/${directory}` }
}

/** Where Microsoft signs people in, in any cloud. */
export const isMicrosoftSignIn = (url: string): boolean =>
  URL.canParse(url) &&
  /(^|\.)(login\.microsoftonline\.(com|us|de)|login\.partner\.microsoftonline\.cn|login\.windows\.net|sts\.windows\.net|login\.live\.com)$/.test(
    new URL(url).hostname,
  )

/** Of the first version of its platform: `/oauth2/authorize`, and the issuer of its tokens. */
export const isMicrosoftV1 = (url: string): boolean => {
  const { hostname, pathname } = new URL(url)
  return hostname === 'sts.windows.net' || /\/oauth2\/(authorize|token)\/?$/.test(pathname)
}
