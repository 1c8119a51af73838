const ADDRESS = /^https?:\/\/[\x21\x23-\x3b\x3d\x3f-\x7e]+$/;
const SPDX = /^[A-Za-z0-9][A-Za-z0-9.+-]{0,60}$/;

/** Address of a licence that is given as an address or an SPDX identifier; null for any other text. */
export function licenceUrl(licence: string): string | null {
  if (ADDRESS.test(licence)) return licence;
  return SPDX.test(licence) ? `https://spdx.org/licenses/${licence}` : null;
}

export const isSpdx = (licence: string): boolean => SPDX.test(licence);
