import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node'
import { type HeardCall, hearCall, type TokenAnswer } from './token-answer.js'

/**
 * Listens to one token call. MSAL neither returns the refresh token nor all that Microsoft says about a failure, so the
 * answer is read here, beside MSAL.
 */
export interface TokenCall extends Pick<HeardCall, 'text' | 'number' | 'fault'> {
  network: INetworkModule
}

export function listenTo(network: INetworkModule): TokenCall {
  // Neither answer nor network fault: MSAL itself refused (throttle cache, empty errorCode): nobody's fault, wait.
  const call = hearCall('ms-token', { oauthError: 'temporarily_unavailable' })
  const heard = async <T>(asked: Promise<NetworkResponse<T>>): Promise<NetworkResponse<T>> => {
    try {
      const response = await asked
      call.answered(response as TokenAnswer)
      return response
    } catch (error) {
      call.broke(error)
      throw error
    }
  }
  return {
    ...call,
    network: {
      sendGetRequestAsync: <T>(url: string, options?: NetworkRequestOptions, timeout?: number) =>
        heard(network.sendGetRequestAsync<T>(url, options, timeout)),
      sendPostRequestAsync: <T>(url: string, options?: NetworkRequestOptions) => {
        call.sent(new URLSearchParams(options?.body ?? ''))
        return heard(network.sendPostRequestAsync<T>(url, options))
      },
    },
  }
}
