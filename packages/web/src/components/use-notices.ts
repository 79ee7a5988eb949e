import { ElNotification } from 'element-plus';
import 'element-plus/es/components/notification/style/css';

const SHOWN_MS = { good: 2600, bad: 7000 };

/** Short words at the edge of the page that go by themselves. */
export function useNotices() {
  function say(tone: 'good' | 'bad', message: string): void {
    ElNotification({
      message,
      type: tone === 'good' ? 'success' : 'error',
      duration: SHOWN_MS[tone],
      position: 'bottom-right',
    });
  }

  return { say };
}
