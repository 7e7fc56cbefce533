/**
 * Ports whose adapter is loaded when it is first used: a cold start pays for none of them. No secret passes in clear
 * text.
 */
import { assertEncrypted } from './encrypted-only.js'
import type { Provider, ProviderCalls, ProviderRules } from './provider.js'
import type { Receiver } from './receiver.js'
import type { Sender } from './sender.js'

/** Loads at the first call; every call gets the same. */
export function onFirstUse<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined
  return () => {
    loading ??= load()
    return loading
  }
}

export function lazySender(load: () => Promise<Sender>, looksUp: boolean): Sender {
  const sender = onFirstUse(load)
  return {
    open: async (target, authority, ...more) => {
      assertEncrypted(target, authority)
      return (await sender()).open(target, authority, ...more)
    },
    ...(looksUp ? { lookUp: async (...input) => (await sender()).lookUp?.(...input) ?? 'undecided' } : {}),
  }
}

export function lazyReceiver(load: () => Promise<Receiver>): Receiver {
  const receiver = onFirstUse(load)
  return {
    open: async (target, authority, ...more) => {
      assertEncrypted(target, authority)
      return (await receiver()).open(target, authority, ...more)
    },
  }
}

/** Its rules are there from the start; its client is loaded with the first call. */
export function lazyProvider(rules: ProviderRules, load: () => Promise<ProviderCalls>): Provider {
  const provider = onFirstUse(load)
  return {
    ...rules,
    authorizeUrl: async (input) => (await provider()).authorizeUrl(input),
    redeem: async (input) => (await provider()).redeem(input),
    refresh: async (input) => (await provider()).refresh(input),
    appToken: async (input) => (await provider()).appToken(input),
    tryCredential: async (input) => (await provider()).tryCredential(input),
    adminConsentUrl: async (input) => (await provider()).adminConsentUrl(input),
    directoryOf: async (registration, domain) => (await provider()).directoryOf(registration, domain),
    accountAddresses: async (account) => (await provider()).accountAddresses(account),
    issuerMatches: async (registration, iss) => (await provider()).issuerMatches(registration, iss),
    namesIssuer: async (registration) => (await provider()).namesIssuer(registration),
    checkRegistration: async (registration) => (await provider()).checkRegistration(registration),
  }
}
