import './copy.ts';
import './heat.ts';
import './same-token.ts';
import './walk.ts';
