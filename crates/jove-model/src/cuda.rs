//! NVIDIA cards: all operators in their composed form, on dfdx's device.

use dfdx::prelude::Cuda;

use crate::error::Error;
use crate::ops::backend::Backend;

impl Backend for Cuda {}

/// Facts about the first card, each with its value; nothing where there is no card.
pub(crate) fn facts() -> Result<Option<Vec<(&'static str, String)>>, Error> {
    use cudarc::driver::sys::CUdevice_attribute as Attribute;
    let failed = |error: cudarc::driver::DriverError| Error::Device(format!("{error:?}"));
    if cudarc::driver::CudaDevice::count().map_err(failed)? == 0 {
        return Ok(None);
    }
    let card = cudarc::driver::CudaDevice::new(0).map_err(failed)?;
    let attribute = |attribute| card.attribute(attribute).map_err(failed);
    let (free, total) = cudarc::driver::result::mem_get_info().map_err(failed)?;
    let capability = (
        attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?,
        attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?,
    );
    let processors = attribute(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?;
    // The number of a card among those that a program sees says nothing about where the driver's files describe it.
    let place = format!(
        "/proc/driver/nvidia/gpus/{:04x}:{:02x}:{:02x}.0/information",
        attribute(Attribute::CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID)?,
        attribute(Attribute::CU_DEVICE_ATTRIBUTE_PCI_BUS_ID)?,
        attribute(Attribute::CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID)?,
    );
    Ok(Some(vec![
        ("name", driver_line(&place, "Model:")),
        ("driver", driver_line("/proc/driver/nvidia/version", "NVRM version:")),
        ("compute capability", format!("{}.{}", capability.0, capability.1)),
        ("multiprocessors", processors.to_string()),
        ("memory", format!("{} MiB, {} free", total >> 20, free >> 20)),
    ]))
}

/// The rest of the first line that begins with `key` in one of the driver's files.
fn driver_line(path: &str, key: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.map_or_else(|| "not reported by the driver".to_owned(), |rest| rest.trim().to_owned())
}
