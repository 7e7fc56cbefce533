/**
 * Ports whose adapter is loaded when it is first used: a cold start pays for none of them. No secret passes in clear
 * text.
 */
import { assertEncrypted } from './encrypted-only.js'
import type { Provider } from './provider.js'
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

export function lazyProvider(load: () => Promise<Provider>): Provider {
  const provider = onFirstUse(load)
  return {
    authorizeUrl: async (input) => (await provider()).authorizeUrl(input),
    redeem: async (input) => (await provider()).redeem(input),
    refresh: async (input) => (await provider()).refresh(input),
    appToken: async (input) => (await provider()).appToken(input),
    tryCredential: async (input) => (await provider()).tryCredential(input),
    adminConsentUrl: async (input) => (await provider()).adminConsentUrl(input),
    directoryOf: async (registration, domain) => (await provider()).directoryOf(registration, domain),
    issuerMatches: async (registration, iss) => (await provider()).issuerMatches(registration, iss),
  }
}
