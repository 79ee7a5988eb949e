/** Versions of ComfyUI that are acted, oldest first: 0.3.40-like, and two as recorded. */
export const VERSION_PROFILES = ['old', '0.3.64', '0.33'] as const;

/** Which ComfyUI is acted. */
export type VersionProfile = (typeof VERSION_PROFILES)[number];

/** Does a server of this profile do what came with `version`? */
export function isSince(profile: VersionProfile, version: VersionProfile): boolean {
  return VERSION_PROFILES.indexOf(profile) >= VERSION_PROFILES.indexOf(version);
}

/** The version that /system_stats tells. */
export const VERSION_TEXTS: Readonly<Record<VersionProfile, string>> = {
  old: '0.3.40',
  '0.3.64': '0.3.64',
  '0.33': '0.33.0',
};
