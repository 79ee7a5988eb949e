/**
 * Differences between versions of ComfyUI in the validation of POST /prompt, read in its source at 0.3.64 and 0.33.0 and tested
 * there class by class.
 */
export interface ComfyuiRules {
  /** Choices of V3 combos are compared (0.8.0 and later); null when the version is not known. */
  checksV3Choices: boolean | null;
}

/** The rules of a version as reported by /system_stats ("0.33.0", "v0.3.64", "0.3.64-dev"); else of an unknown version. */
export function readRules(version: string | null | undefined): ComfyuiRules {
  const parts = /^v?(\d{1,6})\.(\d{1,6})/.exec(version ?? '');
  if (parts === null) return { checksV3Choices: null };
  const [major, minor] = [Number(parts[1]), Number(parts[2])];
  return { checksV3Choices: major > 0 || minor >= 8 };
}

/** True for classes that come with ComfyUI itself, by the names of its modules in /object_info. */
export function isCoreModule(pythonModule: string | null | undefined): boolean {
  return pythonModule === 'nodes' || /^comfy_(extras|api_nodes)\./.test(pythonModule ?? '');
}

/**
 * Core classes with a check of their own. ComfyUI then does not check range or choice of the inputs that the check function
 * takes, of any input if it takes `**kwargs` ("*"), and no link types if it takes `input_types`. Lists all classes of 0.3.64 and
 * 0.33.0 that define VALIDATE_INPUTS or validate_inputs; the union, because versions in between may have either.
 */
const SELF_CHECKED: ReadonlyMap<string, readonly string[]> = new Map([
  ['CustomCombo', ['*']],
  ['FluxProUltraImageNode', ['aspect_ratio']],
  ['KlingCameraControls', ['horizontal_movement', 'vertical_movement', 'pan', 'tilt', 'roll', 'zoom']],
  ['Load3D', ['*']],
  ['Load3DAdvanced', ['*']],
  ['LoadAudio', ['audio']],
  ['LoadImage', ['image']],
  ['LoadImageMask', ['image']],
  ['LoadImageOutput', ['image']],
  ['LoadLatent', ['latent']],
  ['LoadVideo', ['file']],
  ['ModelAttentionBackend', ['attention']],
  ['SelectCLIPDevice', ['device']],
  ['SelectModelDevice', ['device']],
  ['SelectVAEDevice', ['device']],
  ['TripoConversionNode', ['input_types']],
  ['WebcamCapture', ['image']],
]);

/** True when a core class checks the value of this input itself. */
export function checksValueItself(classType: string, inputName: string): boolean {
  const names = SELF_CHECKED.get(classType);
  return names !== undefined && (names.includes('*') || names.includes(inputName));
}

/** True when a core class checks the types of its links itself. */
export function checksTypesItself(classType: string): boolean {
  return SELF_CHECKED.get(classType)?.includes('input_types') ?? false;
}

/** Core classes with dynamic inputs whose function takes any name; every other class fails on an undeclared link. */
const TAKES_ANY_NAME = new Set(['GLSLShader', 'CustomCombo']);

/** True when a core class accepts names that it does not declare. */
export function takesAnyName(classType: string): boolean {
  return TAKES_ANY_NAME.has(classType);
}
