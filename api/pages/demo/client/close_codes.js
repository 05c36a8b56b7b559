/** What a close code tells the client to do. The server's codes are instructions; all others mean the network. */

export const STAY_AWAY = "stay away";
export const BACK_OFF = "back off";
export const RESUME = "resume";
export const GET_TOKEN = "get a token, then resume";
export const SIGN_IN = "sign in again";

/** The instruction of a close code. */
export function instruction(code) {
  if (code === 4001 || code === 4010) return code === 4001 ? GET_TOKEN : SIGN_IN;
  if (code === 1000 || (code >= 4000 && code < 4100)) return STAY_AWAY;
  if (code === 1012 || (code >= 4200 && code < 4300)) return RESUME;
  if (code >= 4300 && code < 4400) return GET_TOKEN;
  return BACK_OFF;
}
