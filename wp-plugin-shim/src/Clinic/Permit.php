<?php
/**
 * Whether this site may ask anything of Zoom and tell people: the extension is there, and the site is no copy of another.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

use TelemedZoom\Extension;
use TelemedZoom\Problem;

defined('ABSPATH') || exit;

final class Permit
{
    public function __construct(private readonly Extension $extension, private readonly Guard $guard)
    {
    }

    public function isGiven(): bool
    {
        return $this->extension->isUsable() && $this->guard->mayAct();
    }

    /** @throws Problem when the extension is not there: without it, what is stored cannot be read either */
    public function demandExtension(): void
    {
        $this->extension->demand();
    }

    /** @throws Problem when it may not */
    public function demand(): void
    {
        $this->extension->demand();
        $this->guard->demand();
    }
}
