/** Simulated versions of ComfyUI, oldest first: one like 0.3.40, and two as recorded. */
export const VERSION_PROFILES = ['old', '0.3.64', '0.33'] as const;

/** Which version of ComfyUI is simulated. */
export type VersionProfile = (typeof VERSION_PROFILES)[number];

/** True if a server of this profile has what was introduced with `version`. */
export function isSince(profile: VersionProfile, version: VersionProfile): boolean {
  return VERSION_PROFILES.indexOf(profile) >= VERSION_PROFILES.indexOf(version);
}

/** The version in /system_stats. */
export const VERSION_TEXTS: Readonly<Record<VersionProfile, string>> = {
  old: '0.3.40',
  '0.3.64': '0.3.64',
  '0.33': '0.33.0',
};
