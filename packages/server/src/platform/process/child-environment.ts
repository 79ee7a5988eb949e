/** Variables a child may inherit; our secrets (database, tokens) are not among them. */
const ALLOWED = new Set(
  [
    'PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR TEMP TMP TERM',
    'LD_LIBRARY_PATH DYLD_LIBRARY_PATH VIRTUAL_ENV CONDA_PREFIX CONDA_DEFAULT_ENV PYTHONPATH PYTHONHOME',
    'HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE',
    'HF_HOME HF_HUB_OFFLINE HF_ENDPOINT TRANSFORMERS_OFFLINE OMP_NUM_THREADS MKL_NUM_THREADS',
    'SYSTEMROOT WINDIR COMSPEC PATHEXT APPDATA LOCALAPPDATA USERPROFILE PROGRAMDATA PROGRAMFILES',
    'PROGRAMFILES(X86) SYSTEMDRIVE HOMEDRIVE HOMEPATH USERNAME PROCESSOR_ARCHITECTURE NUMBER_OF_PROCESSORS',
  ].flatMap((line) => line.split(' ')),
);
const ALLOWED_PREFIXES = [
  'LC_',
  'XDG_',
  'CUDA_',
  'NVIDIA_',
  'NCCL_',
  'HIP_',
  'HSA_',
  'ROCM_',
  'ROCR_',
  'PYTORCH_',
  'TORCH_',
  'TRITON_',
  'ONEAPI_',
  'SYCL_',
];

/** The part of our environment that a child gets: what programs, GPUs and proxies need, never our own settings. */
export function pickChildEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const upper = name.toUpperCase();
    const allowed = ALLOWED.has(upper) || ALLOWED_PREFIXES.some((prefix) => upper.startsWith(prefix));
    if (allowed && value !== undefined) picked[name] = value;
  }
  return picked;
}
